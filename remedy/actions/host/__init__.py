"""The host itself: its memory, processes, services and timers, and commands that a playbook names."""
