"""PostgreSQL: whether it answers, and who holds its connections."""
