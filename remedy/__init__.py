"""remedy: declarative remediation that looks, plans, asks, acts and verifies."""

__version__ = "0.1.0"
