"""The services of Compose projects."""
