"""The dialects: bytes to commands, events to bytes. No socket, thread, clock or disk in here."""
