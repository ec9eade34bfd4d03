"""A worker whose clients say nothing."""

from __future__ import annotations

from roomchat.verify.worker import Bot, main

assert hasattr(Bot, "_say"), "the mutant would change nothing"
Bot._say = lambda *_: None
main()
