"""Text to text. The plain ones are the library's; those that could grow without end are ours."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any, Final

import phonenumbers
from liquid import Markup, soft_str
from liquid.builtin.filters import string as library
from liquid.utils.html import strip_tags

from tenants.core.text.phones import NotAPhone, e164
from tenants.core.values.written import MAX_DIGITS_READ
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import AS_PEOPLE_WRITE
from workflows.definition.scope import NameScope
from workflows.definition.templates.filters.calling import Cost, TemplateFilter, refuse_long_text
from workflows.definition.values.json_values import MAX_STORED_DIGITS, shortened, storable

# The library's parser looks through the rest of the text at every `<`: it is asked while that
# costs at most so many characters.
_MAX_LOOKED_AT: Final = 1_000_000

_OPENING: Final = re.compile(r"<(script|style)\b[^>]*>|<!--", re.IGNORECASE)

_CLOSING: Final = {
    "script": re.compile(r"</script\b[^>]*>", re.IGNORECASE),
    "style": re.compile(r"</style\b[^>]*>", re.IGNORECASE),
    "": re.compile("-->"),
}

_TAG: Final = re.compile(r"<[a-zA-Z/!?][^>]*>")


def strip_html(value: str) -> str:
    """Return the text without tags, comments, scripts and styles."""
    if value.count("<") * len(value) <= _MAX_LOOKED_AT:
        stripped = strip_tags(value)
    else:
        # No tag ends behind the last `>`: to look for its end there would take the square.
        whole, last, rest = value.rpartition(">")
        stripped = _TAG.sub("", _without_hidden(whole + last)) + rest
    return Markup(stripped) if isinstance(value, Markup) else stripped


def _without_hidden(text: str) -> str:
    pieces, at = [], 0
    while opening := _OPENING.search(text, at):
        pieces.append(text[at : opening.start()])
        closing = _CLOSING[(opening[1] or "").lower()].search(text, opening.end())
        if closing is None:
            return "".join(pieces)
        at = closing.end()
    return "".join([*pieces, text[at:]])


_EXPONENT: Final = frozenset("eE")
_PERCENT_CODES: Final = re.compile(r"(?:%[0-9a-fA-F]{2})+")


def _replace(value: str, old: str, new: str = "") -> str:
    # Reckoned before it is made: two long texts multiply.
    refuse_long_text(len(value) + value.count(soft_str(old)) * len(new) * 5)
    return value.replace(soft_str(old), soft_str(new))


def _phone(value: str, country: str | None = None, *, scope: NameScope) -> str:
    """`"050 123 4567" | phone` is +966501234567, read as the tenant's country writes numbers."""
    region = str(country or scope.tenant.get("country") or "").upper()
    known = _known_phone(str(value), region) if scope.language < AS_PEOPLE_WRITE else None
    try:
        return known or e164(str(value), region)
    except NotAPhone as fault:
        raise ExpressionError(
            Code.NOT_A_PHONE,
            value=shortened(value),
            country=fault.country,
            reason=fault.reason,
            example=fault.example,
        ) from fault


def _known_phone(value: str, region: str) -> str | None:
    """Return what the first languages made of a number; they left extensions out."""
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _sha256(value: str) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


def _fraction(text: str) -> Decimal:
    number = Decimal(text)
    # Only an exponent makes a short text a long number.
    return (
        number if len(text) <= MAX_DIGITS_READ and _EXPONENT.isdisjoint(text) else storable(number)
    )


def _whole(text: str) -> int:
    # A long one takes time by the square of its digits.
    if len(text) > MAX_STORED_DIGITS:
        raise ExpressionError(Code.LIMIT_REACHED, limit="digits", most=MAX_STORED_DIGITS)
    return int(text)


def _url_decode(value: str) -> str:
    def decoded(match: re.Match[str]) -> str:
        return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")

    return _PERCENT_CODES.sub(decoded, str(value).replace("+", " "))


def _parse_json(value: str) -> Any:
    def refuse(constant: str) -> None:
        raise ExpressionError(Code.NOT_A_VALUE, kind=constant)

    try:
        return json.loads(
            str(value), parse_float=_fraction, parse_int=_whole, parse_constant=refuse
        )
    except (ValueError, RecursionError) as error:
        raise ExpressionError(
            Code.BAD_FILTER_USE, filter="parse_json", reason=str(error)
        ) from error


_LIBRARY = {
    "append": library.append,
    "base64_decode": library.base64_decode,
    "base64_encode": library.base64_encode,
    "base64_url_safe_decode": library.base64_url_safe_decode,
    "base64_url_safe_encode": library.base64_url_safe_encode,
    "capitalize": library.capitalize,
    "downcase": library.downcase,
    "lstrip": library.lstrip,
    "prepend": library.prepend,
    "remove": library.remove,
    "remove_first": library.remove_first,
    "remove_last": library.remove_last,
    "replace_first": library.replace_first,
    "replace_last": library.replace_last,
    "rstrip": library.rstrip,
    "split": library.split,
    "squish": library.squish,
    "strip": library.strip,
    "truncate": library.truncate,
    "truncatewords": library.truncatewords,
    "upcase": library.upcase,
}
_LIBRARY_FOR_HTML = {
    "escape": library.escape,
    "escape_once": library.escape_once,
    "newline_to_br": library.newline_to_br,
    "strip_newlines": library.strip_newlines,
    "url_encode": library.url_encode,
}

# For each piece of the text: changed character by character, searched by a pattern, made a value.
_CHANGED = Cost(inside=10)
_SEARCHED = Cost(inside=16)
_READ = Cost(inside=24)

TEXT_FILTERS = (
    *(TemplateFilter(name, function, "text", cost=_CHANGED) for name, function in _LIBRARY.items()),
    *(
        TemplateFilter(name, function, "text", needs="environment", cost=_SEARCHED)
        for name, function in _LIBRARY_FOR_HTML.items()
    ),
    TemplateFilter("replace", _replace, "text"),
    TemplateFilter("strip_html", strip_html, "text"),
    TemplateFilter("url_decode", _url_decode, "text"),
    TemplateFilter("slice", library.slice_, "text_or_list"),
    TemplateFilter("phone", _phone, "text", needs="scope", cost=Cost(once=2_000)),
    TemplateFilter("sha256", _sha256, "text"),
    TemplateFilter("parse_json", _parse_json, "text", cost=_READ),
)
