"""A server that after a start knows of read markers that are half as far."""

from __future__ import annotations

from roomchat.cli import main
from roomchat.store import markers

assert "seq" in markers._READS, "the mutant would change nothing"
markers._READS = markers._READS.replace("seq", "seq / 2")
main()
