"""Whether the server takes messages, in one sentence."""

from __future__ import annotations

STUCK = 15.0  # seconds; the thread that owns the chat looks up every second, also where nothing is said


def trouble(*, stopping: bool, unstored: bool, silent: float) -> str:
    """Why it takes none; "": it does.

    Args:
        stopping: it ends.
        unstored: the disk took nothing the last time.
        silent: seconds since the thread that owns the chat looked up.
    """
    if stopping:
        return "The server is stopping."
    if unstored:
        return "The disk takes nothing, so messages are refused; the server's log says why."
    if silent > STUCK:
        return f"Nothing has been carried out for {silent:.0f} seconds: the disk or the machine does not answer."
    return ""
