"""Which failures are of one kind: what was said, without what differs from run to run.

Pure. The sentence is the English one that the run's row keeps.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import md5
from itertools import islice
from typing import Any, Final
from uuid import UUID

# Of a longer sentence the beginning says what kind of error it is.
MAX_SENTENCE: Final = 2_000
# Values of the event that are looked for in the sentence: so many, and no shorter ones.
MAX_VALUES: Final = 100
MIN_LENGTH: Final = 3
MAX_LENGTH: Final = 200
MAX_DEPTH: Final = 4

_TAKEN_OUT: Final = re.compile(
    r"“[^”]*”|«[^»]*»|\"[^\"]*\"|'[^']*'|`[^`]*`"  # what somebody gave
    r"|\w+://\S+"  # addresses
    r"|\S+@\S+"
    r"|\+?\d[\w.:,/+-]*"  # numbers, dates, times, phone numbers
    r"|\b[\w-]*\d[\w-]*\b"  # ids: C-1019, 01a229bc-4496
)
_REPEATED: Final = re.compile(r"…(?:[\s\W]*…)+")
_SPACES: Final = re.compile(r"\s+")


def kind_of(sentence: str, payload: Any = None) -> str:
    """Return what a sentence says without ids, numbers, addresses and values of the event."""
    text = sentence[:MAX_SENTENCE]
    for value in sorted(set(islice(_texts(payload), MAX_VALUES)), key=len, reverse=True):
        text = text.replace(value, "…")
    text = _REPEATED.sub("…", _TAKEN_OUT.sub("…", text))
    return _SPACES.sub(" ", text).strip()


def fingerprint(definition_id: UUID, step: str, code: str, kind: str) -> str:
    """Return by what a problem is known within its company."""
    told = "\n".join((str(definition_id), step, code, kind))
    return md5(told.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts in a payload."""
    if isinstance(value, str):
        if MIN_LENGTH <= len(value) <= MAX_LENGTH:
            yield value
    elif depth < MAX_DEPTH:
        members: Any = value.values() if isinstance(value, Mapping) else value
        if isinstance(members, str) or not hasattr(members, "__iter__"):
            return
        for member in members:
            yield from _texts(member, depth + 1)
