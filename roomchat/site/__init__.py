"""The pages that a browser gets. No socket and no thread in here."""
