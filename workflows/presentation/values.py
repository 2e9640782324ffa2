"""JSON as people read it. Every payload, input and output that a page shows goes through here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from unicodedata import bidirectional

import simplejson
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from actions import records
from tenants.core.json import Json
from workflows.event_types import RecordEvent, all_event_types, payload_schema
from workflows.presentation.redaction import mask_links

# Field -> what people call each of its values.
Words = Mapping[str, Mapping[str, str]]

LONG: Final = 240  # characters; longer text is folded
_NUMBER: Final = re.compile(r"\+?[0-9\u0660-\u0669][0-9\u0660-\u0669 ()./-]{3,30}")
MAX_DEPTH: Final = 8  # levels; what lies deeper is shown as JSON


class ValueLayout(StrEnum):
    """How a value is laid out."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMPTY = "empty"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value ready for a page."""

    label: str
    kind: ValueLayout
    text: str = ""
    parts: tuple["ShownValue", ...] = ()

    @property
    def direction(self) -> str:
        """From which side it is read: a phone number or a code from the left, on any page."""
        strong = (bidirectional(character) for character in self.text)
        first = next((one for one in strong if one in {"L", "R", "AL"}), "L")
        return "ltr" if first == "L" else "rtl"

    @property
    def is_number(self) -> bool:
        """Whether it is one number, as of a phone: it stays on one line."""
        return bool(_NUMBER.fullmatch(self.text))

    @property
    def is_nested(self) -> bool:
        return self.kind in {ValueLayout.LIST, ValueLayout.OBJECT}


def show(
    value: Json,
    label: str = "",
    labels: Mapping[str, str] | None = None,
    inner: Mapping[str, str] | None = None,
    words: Words | None = None,
) -> ShownValue:
    """Return `value` for a page; `labels` orders the members of an object, and may name them.

    `inner` does so for the objects inside. `words` say what people call the values of fields with
    a list of choices, at any depth: “phone” is “Phone”, as on the record's own page. The one place
    through which values reach people: what a reader may not see is masked here.
    """
    return _Layout(inner or {}, words or {}).shown(value, label, labels or {}, 0)


def raw(value: Json) -> str:
    """Return `value` as JSON text, for those who want all of it."""
    return mask_links(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=2))


def titles(schema: Mapping[str, Json] | None) -> dict[str, str]:
    members = (schema or {}).get("properties", {})
    return {name: str(member["title"]) for name, member in members.items() if "title" in member}


def payload_fields(event_type: str) -> dict[str, str]:
    """Return what the fields of a payload are called, in the order of their kind of event."""
    schema = payload_schema(event_type) or {}
    members = schema.get("properties", {})
    return {key: field_title(key, member.get("title")) for key, member in members.items()}


def record_fields(alias: object) -> dict[str, str]:
    """Return what the fields of a kind of record are called; nothing of an unknown kind."""
    known = next((one for one in records.all_records() if one.alias == alias), None)
    if known is None:
        return {}
    names = dict.fromkeys((*known.readable, *known.creatable, *known.writable))
    return {name: field_title(name, known.field(name).verbose_name) for name in names}


def payload_words(event_type: str) -> Words:
    """Return what people call the values in a payload, where its record has lists of choices."""
    kind = next((one for one in all_event_types() if one.name == event_type), None)
    if not isinstance(kind, RecordEvent):
        return {}
    record = records.get(kind.record)
    pairs = ((key, _choice_words(record.field(name))) for key, name in kind.payload.items())
    return {key: words for key, words in pairs if words}


def record_words(alias: object) -> Words:
    """Return what people call the values of a kind of record; nothing of an unknown kind."""
    known = next((one for one in records.all_records() if one.alias == alias), None)
    names = dict.fromkeys((*known.readable, *known.writable)) if known else {}
    pairs = ((name, _choice_words(known.field(name))) for name in names) if known else ()
    return {name: words for name, words in pairs if words}


def _choice_words(field: Any) -> dict[str, str]:
    pairs = field.flatchoices or ()
    return {str(value): capfirst(str(label)) for value, label in pairs if value not in ("", None)}


def spelt_out(key: str) -> str:
    """Return a key as words: “customer_phone” is “Customer phone”."""
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else key


def field_title(key: str, title: object) -> str:
    """Return a field's name for people.

    A key says more than a model's word (“order_id” against “ID”), but only in English.
    """
    language = get_language() or "en"
    if language.startswith("en") or not title:
        return spelt_out(key)
    # Django gives a model's key a name, and no translation of it.
    return _("Id") if str(title).lower() == "id" else capfirst(str(title))


@dataclass(frozen=True, slots=True)
class _Layout:
    inner: Mapping[str, str]
    words: Words = field(default_factory=dict)

    def shown(self, value: Json, label: str, labels: Mapping[str, str], depth: int) -> ShownValue:
        if isinstance(value, dict | list) and value and depth >= MAX_DEPTH:
            return ShownValue(label, ValueLayout.LONG_TEXT, raw(value))
        if isinstance(value, dict) and value:
            # The database keeps an object's members by the length of their names.
            keys = [key for key in labels if key in value]
            keys += [key for key in value if key not in labels]
            members = (
                (labels.get(key) or spelt_out(key), self._called(key, value[key])) for key in keys
            )
            return ShownValue(label, ValueLayout.OBJECT, parts=self._parts(members, depth))
        if isinstance(value, list) and value:
            items = ((str(number), one) for number, one in enumerate(value, 1))
            return ShownValue(label, ValueLayout.LIST, parts=self._parts(items, depth))
        return _scalar(value, label)

    def _called(self, key: str, value: Json) -> Json:
        """Return what people call a value of the field: of a change both, from and to."""
        known = self.words.get(key)
        if not known:
            return value
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            return {side: known.get(str(one), one) for side, one in value.items()}
        return known.get(value, value) if isinstance(value, str) else value

    def _parts(self, members: Iterable[tuple[str, Json]], depth: int) -> tuple[ShownValue, ...]:
        return tuple(self.shown(value, name, self.inner, depth + 1) for name, value in members)


def _scalar(value: Json, label: str) -> ShownValue:
    match value:
        case None | "" | {} | []:
            return ShownValue(label, ValueLayout.EMPTY, _("empty"))
        case True:
            return ShownValue(label, ValueLayout.TEXT, _("yes"))
        case False:
            return ShownValue(label, ValueLayout.TEXT, _("no"))
    text = mask_links(str(value))
    is_long = len(text) > LONG or text.count("\n") > 3
    return ShownValue(label, ValueLayout.LONG_TEXT if is_long else ValueLayout.TEXT, text)
