"""A failure that goes on is logged once, and once when it is over."""

from __future__ import annotations

import pytest

from roomchat.net import trouble
from roomchat.net.trouble import Trouble


def test_it_is_said_once_and_counted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What works in between is no end of it until it has been calm for a while."""
    now = 100.0
    monkeypatch.setattr(trouble.time, "monotonic", lambda: now)
    tea = Trouble("no tea: %s", "tea again, after %d failures", recovered_after=10.0)
    tea.worked()
    assert not caplog.messages
    for reason in ("no water", "no leaves"):
        tea.failed(reason)
        now += 9.0
        tea.worked()
    assert caplog.messages == ["no tea: no water"]
    now += 1.0
    tea.worked()
    tea.worked()
    assert caplog.messages == ["no tea: no water", "tea again, after 2 failures"]
    tea.failed("no cup")
    assert caplog.messages[-1] == "no tea: no cup"
