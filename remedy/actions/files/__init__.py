"""Files, directories and the room on filesystems."""
