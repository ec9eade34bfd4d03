"""Sockets and threads: connections in, bytes out."""
