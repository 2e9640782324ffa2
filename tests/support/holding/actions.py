"""Actions that hold the interpreter: no other thread of the process goes on meanwhile."""

import re

from actions.registry import action
from actions.spec import Effect

NOTHING = {"type": "object", "properties": {}, "additionalProperties": False}
# Doubles with each letter, and is one call in C.
NEVER_MATCHES = re.compile("(a+)+$")


def declare():
    """Make the action known to this process."""
    declared = action(
        "hold_interpreter",
        label="Hold the interpreter",
        description="For hours.",
        params=NOTHING,
        effect=Effect.REPEATABLE,
    )
    declared(hold_interpreter)


def hold_interpreter(_params, _context):
    """Do so."""
    NEVER_MATCHES.match("a" * 60 + "b")
