"""The demo: an embedded host on this machine, to try remedy on; without root and without Docker."""
