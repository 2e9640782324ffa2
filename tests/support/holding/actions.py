"""Actions that hold the interpreter: no other thread of the process goes on meanwhile."""

import re
import time
from collections import deque
from itertools import repeat

from actions.registry import action
from actions.spec import Effect

NOTHING = {"type": "object", "properties": {}, "additionalProperties": False}
# Doubles with each letter, and is one call in C.
NEVER_MATCHES = re.compile("(a+)+$")


# Longer than it takes until others go on with the runs beside it, shorter than a dispatcher is
# given.
MOMENT_SECONDS = 0.8


def declare():
    """Make the actions known to this process."""
    for name, description, run in (
        ("hold_interpreter", "For hours.", hold_interpreter),
        ("hold_a_moment", "For a moment.", hold_a_moment),
    ):
        declared = action(
            name,
            label="Hold the interpreter",
            description=description,
            params=NOTHING,
            effect=Effect.REPEATABLE,
        )
        declared(run)


def hold_interpreter(_params, _context):
    """Do so."""
    NEVER_MATCHES.match("a" * 60 + "b")


def hold_a_moment(_params, _context):
    """Do so for a moment of the processor's time, in one call in C."""
    begun, sample = time.thread_time(), 1_000_000
    _count(sample)
    _count(round(sample * MOMENT_SECONDS / (time.thread_time() - begun)))


def _count(number):
    deque(repeat(None, number), maxlen=0)
