"""A Docker engine: its disk, its logs and what its containers use."""
