"""The threads of a worker: nothing that is raised on one of them costs the worker its place."""

import select
from threading import Event

import pytest

from tests.support.live import wait_until
from workflows.runtime.workers.slots import Slots


class Anything(BaseException):
    """What a library may derive from BaseException."""


class Unspeakable(BaseException):
    """Cannot even be logged."""

    def __str__(self):
        raise SystemExit


RAISED = [
    SystemExit(2),
    KeyboardInterrupt(),
    GeneratorExit(),
    MemoryError(),
    RecursionError(),
    ValueError("a bug"),
    Anything("else"),
    Unspeakable(),
]


@pytest.mark.parametrize("raised", RAISED, ids=lambda one: type(one).__name__)
def test_a_slot_outlives_whatever_is_raised_on_it(raised):
    done = []

    def work(claim):
        if claim.fails:
            raise raised
        done.append(claim)
        return True

    slots = Slots(2, work)
    bad, good = [OneClaim(fails=True) for _ in range(4)], [OneClaim(fails=False) for _ in range(4)]

    for claim in [*bad, *good]:
        wait_until(lambda: slots.free)
        slots.submit(claim)
    wait_until(lambda: slots.busy == 0)

    assert sorted(map(id, done)) == sorted(map(id, good))
    assert sorted(map(id, slots.given_up())) == sorted(map(id, bad))
    assert (slots.free, [thread.is_alive() for thread in slots._threads]) == (2, [True, True])
    slots.close()


def test_a_slot_that_was_freed_by_an_exception_wakes_the_pump():
    begun = Event()

    def work(claim):
        begun.wait(5)
        raise SystemExit

    slots = Slots(1, work)
    slots.submit(OneClaim(fails=True))
    slots.clear_wake()

    begun.set()

    wait_until(lambda: slots.free)
    assert select.select([slots.wake_reader], [], [], 5)[0] == [slots.wake_reader]
    slots.close()


class OneClaim:
    """Of a claim, the slots know the id and the token."""

    def __init__(self, *, fails):
        self.fails, self.run_id, self.token = fails, id(self), 1
