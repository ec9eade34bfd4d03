"""The log on disk: what was said, who may come back, and what must never be given away twice."""
