"""Heavy evaluations go on one at a time, by turns between companies."""

from threading import Event, Lock, Thread
from uuid import UUID

import pytest

from tests.support.live import wait_until
from workflows.runtime.steps.evaluations import Turns

A, B = UUID(int=1), UUID(int=2)


class Workers:
    """Threads that reckon in so many pieces, each with a turn."""

    def __init__(self):
        self.turns, self.done, self.lock = Turns(), [], Lock()
        self.at_once = self.most_at_once = 0
        self.threads = []

    def start(self, tenant, name, pieces, gate=None):
        thread = Thread(target=self._work, args=(tenant, name, pieces, gate))
        self.threads.append(thread)
        thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()

    def _work(self, tenant, name, pieces, gate):
        for _ in range(pieces):
            self.turns.take(tenant, lambda: None)
            with self.lock:
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
            if gate is not None:
                gate.wait(20)
            with self.lock:
                self.done.append(name)
                self.at_once -= 1
        self.turns.leave()


def lined_up(*others, pieces=3):
    """Let these wait behind one that holds the turn; return who did which piece in which order."""
    workers, gate = Workers(), Event()
    workers.start(A, "first", pieces, gate)
    wait_until(lambda: workers.at_once == 1)
    for number, (tenant, name) in enumerate(others, 1):
        workers.start(tenant, name, pieces)
        wait_until(lambda number=number: workers.turns.waiting() == number)
    gate.set()
    workers.join()
    assert workers.most_at_once == 1
    assert workers.turns.waiting() == 0
    return workers.done


def test_of_one_company_who_came_first_is_done_first():
    assert lined_up((A, "second"), (A, "third"), pieces=2) == [
        *["first"] * 2,
        *["second"] * 2,
        *["third"] * 2,
    ]


def test_another_company_has_every_second_turn():
    crowd = [(A, f"crowd{n}") for n in range(6)]

    done = lined_up(*crowd, (B, "other"))

    assert [place for place, name in enumerate(done) if name == "other"] == [1, 3, 5]


def test_who_is_to_end_while_it_waits_leaves_the_line():
    turns = Turns()
    turns.take(A, lambda: None)

    def end():
        raise KeyError

    def wait():
        with pytest.raises(KeyError):
            turns.take(B, end)

    thread = Thread(target=wait)
    thread.start()
    thread.join(20)

    assert turns.waiting() == 0
    turns.take(A, end)  # still its turn, and nobody to give way to
    turns.leave()


def test_who_left_has_no_turn_any_more():
    turns = Turns()
    turns.take(A, lambda: None)
    turns.leave()
    turns.leave()

    thread = Thread(target=lambda: turns.take(B, lambda: None))
    thread.start()
    thread.join(20)

    assert not thread.is_alive()
