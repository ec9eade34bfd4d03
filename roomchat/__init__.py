"""Chat rooms in one command: a server, a terminal client, and nothing lost between them."""

__version__ = "0.1.0"
