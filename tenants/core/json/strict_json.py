"""The one set of limits for JSON from outside: what is let in can be stored, shown and sent on.

Pure. `loads` reads text, `check` looks at a value of Python code. Refused besides bad syntax: what
PostgreSQL's jsonb cannot hold (NUL, half of a surrogate pair), what parsers read differently
(duplicate keys, huge numbers), what exhausts them (depth, size, exponents).

`keep` is for what a run makes inside, of values that were let in: it may nest deeper, and its
characters are replaced rather than refused, since nobody is there who could send it again.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import cache
from math import isfinite
from typing import Any, Final, NoReturn

from tenants.core.json import Json, jsontext
from tenants.core.json.faults import LONE_SURROGATE, BadJson, JsonFault, shown
from tenants.core.json.pointers import pointer as pointer_to
from tenants.core.json.simple_json import length_of_simple
from tenants.core.values.numbers import MAX_DIGITS, digits_written_out, is_too_long

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
# A result holds what its step was given, and a list holds the results of its items.
MAX_KEPT_DEPTH: Final = 200
WHOLE_NUMBERS: Final = range(-(2**63), 2**63)
_MAX_WHOLE_TEXT: Final = len(str(WHOLE_NUMBERS.start))
_MAX_NUMBER_TEXT: Final = MAX_DIGITS + 10  # sign, point and exponent
_MAX_EXPONENT_TEXT: Final = 4
_DIGITS_A_BIT: Final = 0.30103
_KINDS: Final = {list: "array", str: "string", bool: "boolean", type(None): "null"}
_NUMBERS: Final = frozenset({int, float, Decimal})
_SCALARS: Final = _NUMBERS | {str, bool, type(None)}
_TEXT_ONLY: Final = frozenset({str})

# Strings are skipped whole, the unterminated last one too: each character is looked at once.
_STRING_OR_BRACKET: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SUSPICIOUS_ESCAPE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ZEROS: Final = re.compile(r"-?[0.]+(?:[eE]|\Z)")


def loads(
    source: str | bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    long_integers: bool = False,
    floats: bool = False,
) -> Json:
    """Return the JSON value that `source` is; fractions are Decimals. Raises BadJson.

    `long_integers`: whole numbers may have as many digits as fractions, not only 64 bits. That is
    for pages on which people get back what is stored; programs are told to send them as text.
    `floats`: fractions become floats, as large as those are, for columns that keep no others.
    """
    text = _decoded(source, max_bytes)
    if not text.strip(" \t\r\n"):
        raise BadJson(JsonFault.EMPTY)
    _refuse_depth(text, max_depth)
    try:
        value = _decoder(long_integers, floats).decode(text)
    except json.JSONDecodeError as wrong:
        raise BadJson(JsonFault.SYNTAX, at=(text, wrong.pos), reason=wrong.msg) from None
    # Only an escape can bring these characters in: bare ones were refused above.
    if _SUSPICIOUS_ESCAPE.search(text):
        _refuse_bad_characters(value, "")
    return value


def loads_object(source: str | bytes, *, long_integers: bool = False) -> dict[str, Json]:
    """Return the JSON object that `source` is, as `loads` does. Raises BadJson."""
    value = loads(source, long_integers=long_integers)
    if not isinstance(value, dict):
        raise BadJson(JsonFault.NOT_AN_OBJECT, pointer="", found=_KINDS.get(type(value), "number"))
    return value


def check(
    value: Json,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    any_text: bool = False,  # `jsontext.storable` replaces what PostgreSQL refuses
) -> str:
    """Return a value of Python code as JSON text. Raises BadJson for one that is not let in."""
    text = _written(value)
    if not _is_plain(value, max_depth):
        value = jsontext.loads(text)
        _is_plain(value, max_depth)
    if not any_text and jsontext.has_bad_text(text):
        _refuse_bad_characters(value, "")
    # Escapes make the text longer than the bytes, never shorter.
    if len(text) > max_bytes and len(jsontext.readable(value).encode()) > max_bytes:
        raise BadJson(JsonFault.TOO_LARGE, limit_bytes=max_bytes)
    return text


def keep(value: Json) -> tuple[Json, int]:
    """Return the value as a run's row keeps it, and how long it is as JSON text, at most.

    What is read from the row later is what the steps see now: tuples are lists, keys are text,
    characters that PostgreSQL refuses are replaced. Raises BadJson.
    """
    length = length_of_simple(value)
    if length is not None:
        return value, length
    text = _written(value)
    kept = value
    if not _is_plain(value, MAX_KEPT_DEPTH):
        kept = jsontext.loads(text)
        _is_plain(kept, MAX_KEPT_DEPTH)
    return (jsontext.cleaned(kept) if jsontext.has_bad_text(text) else kept), len(text)


def _written(value: Json) -> str:
    try:
        return jsontext.dumps(value)
    except RecursionError:
        raise BadJson(JsonFault.TOO_DEEP, limit=MAX_KEPT_DEPTH) from None
    except (TypeError, ValueError, OverflowError) as wrong:
        raise _unwritable(value, str(wrong)) from None


def _unwritable(value: Json, reason: str) -> BadJson:
    """Return why a value cannot be written: a number without end, or what is no JSON at all."""
    if reason.startswith("Out of range float"):
        return BadJson(JsonFault.NOT_FINITE, number=reason.rpartition(" ")[2])
    if "ircular" not in reason:  # a walk through itself would not end
        try:
            _is_plain(value, MAX_KEPT_DEPTH)
        except BadJson as better:
            return better
    return BadJson(JsonFault.NOT_JSON, reason=shown(reason))


def _is_plain(value: Json, max_depth: int) -> bool:
    """Whether all of it is what reading JSON gives: no tuples, no bytes, no numbers as keys.

    Raises BadJson for nesting and numbers beyond the limits. What is not plain is looked at after
    it was written and read.
    """
    level, depth = [value], 1
    while level:
        inner: list[Json] = []
        for part in level:
            if type(part) in _SCALARS:
                if type(part) in _NUMBERS and is_too_long(part):
                    facts = {"number": _shown_number(part), "limit": MAX_DIGITS}
                    raise _at(value, part, JsonFault.NUMBER_TOO_LONG, **facts)
                continue
            members = _members(part)
            if members is None:
                return False
            if depth > max_depth:
                raise _at(value, part, JsonFault.TOO_DEEP, limit=max_depth)
            inner += members
        level, depth = inner, depth + 1
    return True


def _members(part: Json) -> Iterable[Json] | None:
    """Return what stands in a list or an object; None if it is neither, or has other keys."""
    if type(part) is dict:
        return part.values() if _TEXT_ONLY.issuperset(map(type, part)) else None
    if type(part) is jsontext.UnreadableJson:
        raise BadJson(JsonFault.NOT_JSON, reason=part)
    return part if type(part) is list else None


def _at(value: Json, part: Json, fault: JsonFault, **params: Any) -> BadJson:
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        pointer, found = waiting.pop()
        if found is part:
            return BadJson(fault, pointer=pointer, **params)
        members: Iterable[tuple[Any, Json]] = ()
        if isinstance(found, dict):
            members = found.items()
        elif isinstance(found, list):
            members = enumerate(found)
        waiting += [(pointer_to(pointer, key), inner) for key, inner in members]
    return BadJson(fault, **params)


def _decoded(source: str | bytes, max_bytes: int) -> str:
    if isinstance(source, str):
        if LONE_SURROGATE.search(source):
            raise BadJson(JsonFault.LONE_SURROGATE)
        source = source.encode()
    if len(source) > max_bytes:
        raise BadJson(JsonFault.TOO_LARGE, limit_bytes=max_bytes)
    try:
        # Some editors put a byte order mark before the text; RFC 8259 lets a reader ignore it.
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadJson(JsonFault.NOT_UTF8, byte=wrong.start + 1) from None


def _refuse_depth(text: str, max_depth: int) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        match text[found.start()]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
        if depth > max_depth:
            raise BadJson(JsonFault.TOO_DEEP, at=(text, found.start()), limit=max_depth)


def _object(members: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(members)
    if len(result) < len(members):
        seen: set[str] = set()
        for key, _value in members:
            if key in seen:
                raise BadJson(JsonFault.DUPLICATE_KEY, key=shown(key))
            seen.add(key)
    return result


def _whole(text: str) -> int:
    # Length first: converting thousands of digits is slow, and Python refuses it in the end.
    if len(text) > _MAX_WHOLE_TEXT or int(text) not in WHOLE_NUMBERS:
        raise BadJson(JsonFault.NUMBER_TOO_LARGE, number=shown(text))
    return int(text)


def _long_whole(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=shown(text), limit=MAX_DIGITS)
    return int(text)


def _fraction(text: str) -> Decimal:
    exponent = text.lower().partition("e")[2]
    if len(text) > _MAX_NUMBER_TEXT or len(exponent) > _MAX_EXPONENT_TEXT:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=shown(text), limit=MAX_DIGITS)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=shown(text), limit=MAX_DIGITS) from None
    if digits_written_out(number) > MAX_DIGITS:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=shown(text), limit=MAX_DIGITS)
    return number


def _constant(name: str) -> NoReturn:
    raise BadJson(JsonFault.NOT_FINITE, number=name)


def _refuse_bad_characters(value: Json, pointer: str) -> None:
    match value:
        case str():
            _refuse_bad_text(value, pointer)
        case dict():
            for key, member in value.items():
                _refuse_bad_text(key, pointer)
                _refuse_bad_characters(member, pointer_to(pointer, key))
        case list():
            for index, member in enumerate(value):
                _refuse_bad_characters(member, pointer_to(pointer, index))


def _refuse_bad_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise BadJson(JsonFault.NUL_CHARACTER, pointer=pointer)
    if LONE_SURROGATE.search(text):
        raise BadJson(JsonFault.LONE_SURROGATE, pointer=pointer)


def _shown_number(number: Json) -> str:
    if isinstance(number, int):
        # Python writes no whole number of more than 4,300 digits.
        return f"{'-' if number < 0 else ''}1e{int(number.bit_length() * _DIGITS_A_BIT)}"
    return shown(str(number))


def _float(text: str) -> float:
    # A float has few digits; what is beyond its exponents becomes infinity, or nothing.
    number = float(text) if len(text) <= _MAX_NUMBER_TEXT else float("inf")
    is_lost = number == 0 and not _ZEROS.match(text)
    if is_lost or not isfinite(number):
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=shown(text), limit=MAX_DIGITS)
    return number


@cache
def _decoder(long_integers: bool, floats: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=_long_whole if long_integers else _whole,
        parse_float=_float if floats else _fraction,
        parse_constant=_constant,
    )
