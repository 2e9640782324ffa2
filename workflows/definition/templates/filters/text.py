"""Text to text. The plain ones are the library's; those that could grow without end are ours."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import phonenumbers
from liquid import soft_str
from liquid.builtin.filters import string as library

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.numbers import shortened
from workflows.definition.templates.filters.calling import Filter, refuse_long_text

if TYPE_CHECKING:
    from workflows.definition.scope import Scope


def _replace(value: str, old: str, new: str = "") -> str:
    # Reckoned before it is made: two long texts multiply.
    refuse_long_text(len(value) + value.count(soft_str(old)) * len(new) * 5)
    return value.replace(soft_str(old), soft_str(new))


def _phone(value: str, country: str | None = None, *, scope: Scope) -> str:
    """`"050 123 4567" | phone` is +966501234567, read as the tenant's country writes numbers."""
    region = str(country or scope.tenant.get("country") or "").upper() or None
    try:
        number = phonenumbers.parse(str(value), region)
    except phonenumbers.NumberParseException as error:
        raise ExpressionError(Code.NOT_A_PHONE, value=shortened(value)) from error
    if not phonenumbers.is_valid_number(number):
        raise ExpressionError(Code.NOT_A_PHONE, value=shortened(value))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _sha256(value: str) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


def _parse_json(value: str) -> Any:
    def refuse(constant: str) -> None:
        raise ExpressionError(Code.NOT_A_VALUE, kind=constant)

    try:
        return json.loads(str(value), parse_float=Decimal, parse_constant=refuse)
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
    "url_decode": library.url_decode,
}
_LIBRARY_FOR_HTML = {
    "escape": library.escape,
    "escape_once": library.escape_once,
    "newline_to_br": library.newline_to_br,
    "strip_html": library.strip_html,
    "strip_newlines": library.strip_newlines,
    "url_encode": library.url_encode,
}

TEXT_FILTERS = (
    *(Filter(name, function, "text") for name, function in _LIBRARY.items()),
    *(
        Filter(name, function, "text", needs="environment")
        for name, function in _LIBRARY_FOR_HTML.items()
    ),
    Filter("replace", _replace, "text"),
    Filter("slice", library.slice_, "text_or_list"),
    Filter("phone", _phone, "text", needs="scope"),
    Filter("sha256", _sha256, "text"),
    Filter("parse_json", _parse_json, "text"),
)
