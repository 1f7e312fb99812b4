"""Backups of databases: made, tested, pruned and restored."""
