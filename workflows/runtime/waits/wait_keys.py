"""What a run that waits for an event writes in its two columns, and what an event answers to it.

`wait_type` is a form: the event's type and the paths that are compared. `wait_match` is a hash of
the values there. Pure: rows come as arguments.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from hashlib import sha256
from typing import Final

from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from tenants.core.text.characters import comparable
from tenants.core.values.numbers import as_number
from tenants.core.values.paths import lookup, parse_path
from workflows.engine.progress import AwaitedEvent

MAX_FORM_LENGTH: Final = 1000
# A form that would be longer names its paths by their hash. No path is empty: a worker of an older
# release finds no value there, and leaves such a run alone.
_HASHED: Final = ""

# Up to so many digits numbers are written out, as they always were.
_MAX_WRITTEN: Final = 400
# So many digits were compared before all of them were.
_ROUNDED: Final = Context(prec=28, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def question(awaited: AwaitedEvent) -> tuple[str, str]:
    """Return what a waiting run's columns say: wait_type and wait_match."""
    paths = sorted(awaited.match)
    return form_of(awaited.type, paths), _hash([_comparable(awaited.match[one]) for one in paths])


def form_of(kind: str, paths: Sequence[str]) -> str:
    """Return the form of a question: its type and its paths, in at most LONGEST_FORM characters."""
    form = prefix_of(kind) + json.dumps(paths)
    if len(form) <= MAX_FORM_LENGTH:
        return form
    return prefix_of(kind) + json.dumps([_HASHED, sha256(json.dumps(paths).encode()).hexdigest()])


def prefix_of(kind: str) -> str:
    return f"event:{kind}:"


def range_of(kind: str) -> tuple[str, str]:
    """Return the lowest text that begins as the forms of a type do, and the one after the last."""
    low = prefix_of(kind)
    return low, low[:-1] + chr(ord(low[-1]) + 1)


def paths_in(form: str) -> list[str] | None:
    """Return the paths that a form names, or None: only the runs that ask so know them."""
    paths: list[str] = json.loads(form[form.index(":[") + 1 :])
    return None if paths[:1] == [_HASHED] else paths


def answers(paths: Sequence[str], payload: Json) -> tuple[str, ...]:
    """Return the hashes that an event answers with, none if it has no such values.

    The others, if there are any, are of the values as older releases compared them, texts letter
    by letter and before that numbers rounded: they find runs that were parked by them, and are no
    answer by themselves.
    """
    values = list(_values(paths, payload))
    if None in values:
        return ()
    ways = (_comparable, _letter_by_letter, _rounded)
    return tuple(dict.fromkeys(_hash([way(value) for value in values]) for way in ways))


def is_answer(match: dict[str, Json], payload: Json) -> bool:
    asked = {path: _comparable(value) for path, value in match.items()}
    found = dict(zip(asked, _values(list(asked), payload), strict=True))
    return all(
        value is not None and _comparable(value) == asked[path] for path, value in found.items()
    )


def _values(paths: Sequence[str], payload: Json) -> Iterator[Json]:
    for written in paths:
        path = parse_path(written)
        found = lookup(payload, path) if path and isinstance(payload, dict) else None
        yield found if isinstance(found, str | int | float | Decimal | bool) else None


def _comparable(value: Json) -> str:
    """Return a text that is the same for values that count as equal: 7, "7" and "7.0"."""
    return comparable(_letter_by_letter(value))


def _letter_by_letter(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    number = as_number(value)
    return str(value) if number is None else _digits_of(number)


def _rounded(value: Json) -> str:
    number = None if isinstance(value, bool) else as_number(value)
    return _letter_by_letter(value if number is None else _ROUNDED.plus(number))


def _digits_of(number: Decimal) -> str:
    """Return all digits of a number, and one text for all ways to write it.

    Not by `normalize`: it rounds to the context of the thread. One with a huge exponent is not
    written out.
    """
    if not number.is_finite():
        return str(number)
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    kept = written.rstrip("0")
    if not kept:
        return "0"
    power = int(exponent) + len(written) - len(kept)
    exact = Decimal(f"{'-' * sign}{kept}E{power}")
    return format(exact, "f" if len(kept) + abs(power) <= _MAX_WRITTEN else "E")


def _hash(values: Sequence[Json]) -> str:
    return sha256(storable(list(values)).encode()).hexdigest()
