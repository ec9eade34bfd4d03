"""The queue between the I/O threads and the hub."""

from __future__ import annotations

import threading

from roomchat.net.inbox import Inbox

DEADLINE = 10.0  # seconds


def test_everything_that_waits_is_taken_at_once():
    """What was put is taken together, in order, and only once."""
    inbox: Inbox[int] = Inbox(100)
    inbox.put([1, 2])
    inbox.put([3])
    assert inbox.take(0) == [1, 2, 3]
    assert inbox.take(0) == []


def test_a_put_wakes_the_hub():
    """Who waits for something gets it when it comes."""
    inbox: Inbox[str] = Inbox(100)
    taken: list[str] = []
    hub = threading.Thread(target=lambda: taken.extend(inbox.take(DEADLINE)))
    hub.start()
    inbox.put(["x"])
    hub.join(DEADLINE)
    assert not hub.is_alive()
    assert taken == ["x"]


def test_who_found_it_full_is_called_once():
    """A full inbox says so, and calls back once, when it has been emptied, each who asked."""
    inbox: Inbox[int] = Inbox(3)
    calls: list[str] = []

    def ann() -> None:
        calls.append("ann")

    def bob() -> None:
        calls.append("bob")

    inbox.put([1, 2])
    assert not inbox.full(ann)
    inbox.put([3, 4])
    assert inbox.full(ann)
    assert inbox.full(bob)
    assert inbox.full(ann)
    assert calls == []
    assert inbox.take(0) == [1, 2, 3, 4]
    assert calls == ["ann", "bob"]
    assert not inbox.full(ann)
    inbox.put([5])
    inbox.take(0)
    assert calls == ["ann", "bob"]


def test_no_thread_loses_anything_or_waits_for_ever():
    """Threads that put while it is not full, and wait to be called when it is, get all through in their order."""
    inbox: Inbox[tuple[int, int]] = Inbox(10)
    threads, each = 4, 500
    largest = 0

    def work(number: int) -> None:
        room = threading.Event()
        for i in range(each):
            while inbox.full(room.set):
                assert room.wait(DEADLINE), "was not called back"
                room.clear()
            inbox.put([(number, i)])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    taken: list[tuple[int, int]] = []
    while len(taken) < threads * each:
        batch = inbox.take(DEADLINE)
        assert batch, "nothing came"
        largest = max(largest, len(batch))
        taken += batch
    for worker in workers:
        worker.join(DEADLINE)
        assert not worker.is_alive()
    for number in range(threads):
        assert [i for one, i in taken if one == number] == list(range(each))
    assert largest < 10 + threads
