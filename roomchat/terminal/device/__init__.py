"""The terminal itself: what it can do, how it is set, how it calls the person."""
