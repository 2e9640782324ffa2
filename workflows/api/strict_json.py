"""Read JSON that strangers send: everything it accepts can be stored, and sent on unchanged.

Pure. Refused besides bad syntax: what PostgreSQL's jsonb cannot hold (NUL, half of a surrogate
pair), what parsers read differently (duplicate keys, huge numbers), what exhausts them (depth).
"""

import json
import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, NoReturn

from workflows.definition.numbers import MOST_DIGITS
from workflows.definition.values import digits_written_out

Json = Any

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
MAX_DIGITS: Final = MOST_DIGITS  # of a fraction, written without an exponent
WHOLE_NUMBERS: Final = range(-(2**63), 2**63)
_MAX_WHOLE_TEXT: Final = len(str(WHOLE_NUMBERS.start))
_MAX_NUMBER_TEXT: Final = MAX_DIGITS + 10  # sign, point and exponent
_MAX_EXPONENT_TEXT: Final = 4
_SHOWN: Final = 60  # characters of a value in an error

# Strings are skipped whole, the unterminated last one too: each character is looked at once.
_STRING_OR_BRACKET: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SUSPICIOUS_ESCAPE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class JsonFault(StrEnum):
    """Why JSON was refused: stable codes, sent by the API."""

    EMPTY = "json_empty"
    TOO_LARGE = "payload_too_large"
    NOT_UTF8 = "json_not_utf8"
    SYNTAX = "json_syntax"
    TOO_DEEP = "json_too_deep"
    DUPLICATE_KEY = "json_duplicate_key"
    NOT_FINITE = "json_not_finite"
    NUMBER_TOO_LARGE = "json_number_too_large"
    NUMBER_TOO_LONG = "json_number_too_long"
    NUL_CHARACTER = "json_nul_character"
    LONE_SURROGATE = "json_lone_surrogate"
    NOT_AN_OBJECT = "json_not_an_object"


class BadJson(ValueError):
    """The text cannot be accepted. `line` and `column` are 1-based; None where not known."""

    def __init__(
        self,
        fault: JsonFault,
        *,
        at: tuple[str, int] | None = None,  # the text, and the index in it
        pointer: str | None = None,  # RFC 6901; None: not known
        **params: str | int,
    ) -> None:
        super().__init__(f"{fault} {params}" if params else str(fault))
        self.fault = fault
        self.pointer = pointer
        self.params = params
        self.line: int | None = None
        self.column: int | None = None
        if at:
            self.line, self.column = _line_and_column(*at)


def parse_object(source: str | bytes) -> dict[str, Json]:
    """Return the JSON object that `source` is. Raises BadJson."""
    value = parse_strict(source)
    if not isinstance(value, dict):
        raise BadJson(JsonFault.NOT_AN_OBJECT, pointer="", found=_kind(value))
    return value


def parse_strict(source: str | bytes) -> Json:
    """Return the JSON value that `source` is; fractions are Decimals. Raises BadJson."""
    text = _decoded(source)
    if not text.strip(" \t\r\n"):
        raise BadJson(JsonFault.EMPTY)
    _refuse_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as wrong:
        raise BadJson(JsonFault.SYNTAX, at=(text, wrong.pos), reason=wrong.msg) from None
    # Only an escape can bring these characters in: bare ones were refused above.
    if _SUSPICIOUS_ESCAPE.search(text):
        _refuse_bad_characters(value, "")
    return value


def _decoded(source: str | bytes) -> str:
    if isinstance(source, str):
        if _LONE_SURROGATE.search(source):
            raise BadJson(JsonFault.LONE_SURROGATE)
        source = source.encode()
    if len(source) > MAX_BYTES:
        raise BadJson(JsonFault.TOO_LARGE, limit_bytes=MAX_BYTES)
    try:
        # Some editors put a byte order mark before the text; RFC 8259 lets a reader ignore it.
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadJson(JsonFault.NOT_UTF8, byte=wrong.start + 1) from None


def _refuse_depth(text: str) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        match text[found.start()]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
        if depth > MAX_DEPTH:
            raise BadJson(JsonFault.TOO_DEEP, at=(text, found.start()), limit=MAX_DEPTH)


def _object(members: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(members)
    if len(result) < len(members):
        seen: set[str] = set()
        for key, _value in members:
            if key in seen:
                raise BadJson(JsonFault.DUPLICATE_KEY, key=_shown(key))
            seen.add(key)
    return result


def _whole(text: str) -> int:
    # Length first: converting thousands of digits is slow, and Python refuses it in the end.
    if len(text) > _MAX_WHOLE_TEXT or int(text) not in WHOLE_NUMBERS:
        raise BadJson(JsonFault.NUMBER_TOO_LARGE, number=_shown(text))
    return int(text)


def _fraction(text: str) -> Decimal:
    exponent = text.lower().partition("e")[2]
    if len(text) > _MAX_NUMBER_TEXT or len(exponent) > _MAX_EXPONENT_TEXT:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=_shown(text), limit=MAX_DIGITS)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=_shown(text), limit=MAX_DIGITS) from None
    if digits_written_out(number) > MAX_DIGITS:
        raise BadJson(JsonFault.NUMBER_TOO_LONG, number=_shown(text), limit=MAX_DIGITS)
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
                _refuse_bad_characters(member, f"{pointer}/{_escaped(key)}")
        case list():
            for index, member in enumerate(value):
                _refuse_bad_characters(member, f"{pointer}/{index}")


def _refuse_bad_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise BadJson(JsonFault.NUL_CHARACTER, pointer=pointer)
    if _LONE_SURROGATE.search(text):
        raise BadJson(JsonFault.LONE_SURROGATE, pointer=pointer)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _shown(text: str) -> str:
    # A key may hold the very characters that no answer can be written with.
    safe = _LONE_SURROGATE.sub("\ufffd", text)
    return safe if len(safe) <= _SHOWN else f"{safe[: _SHOWN - 1]}…"


def _kind(value: Json) -> str:
    kinds = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
