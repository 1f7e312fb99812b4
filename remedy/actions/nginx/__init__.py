"""nginx: its configuration, and the page it shows while a site is in maintenance."""
