"""A room's log for people and other programs to keep: one file a format, and no I/O."""
