"""Certificates: seen, renewed and deployed."""
