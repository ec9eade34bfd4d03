"""The question to a person who meets a server for the first time. Pure."""

from __future__ import annotations

from roomchat.key_fingerprint import read_fingerprint

QUESTION = "Do you trust it? [y/N]: "
NO_ANSWER = "Please answer yes or no, or type the fingerprint that you were given."
NOT_TRUSTED = "Nothing was sent to it."
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}


def introduced(address: object, fingerprint: str) -> str:
    """What is told before the question. The fingerprint stands in two rows, so that a narrow screen takes no group
    of it apart."""
    half = len(fingerprint) // 2
    return (
        f"{address} is not known yet. The fingerprint of its key is:\n"
        f"{fingerprint[:half]}\n{fingerprint[half:].removeprefix('-')}\n"
        "If `roomchat serve` prints the same one there, nobody sits in between."
    )


def is_trusted(answer: str, fingerprint: str) -> bool | None:
    """What a person has answered: yes, no, or the fingerprint that they know; None: it is no answer."""
    answer = answer.strip()
    if answer.lower() in _ANSWERS:
        return _ANSWERS[answer.lower()]
    try:
        return read_fingerprint(answer) == fingerprint
    except ValueError:
        return None
