"""Faults that a drill makes, and takes back."""
