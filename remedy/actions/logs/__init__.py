"""Logs: read, counted and rotated."""
