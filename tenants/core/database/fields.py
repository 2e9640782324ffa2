"""Model fields: JSON that can be shown whatever it holds, names, addresses, time zones."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.utils.translation import gettext as _

from tenants.core.json import Json, jsontext
from tenants.core.json.jsontext import UnreadableJson
from tenants.core.json.strict_json import MAX_KEPT_DEPTH
from tenants.core.validators import validate_address, validate_line, validate_zone

# Of what a row holds. Nothing deeper is let in, but pages recurse, and a row may be older.
MAX_SHOWN_DEPTH: Final = MAX_KEPT_DEPTH + 20


class SafeDecoder(json.JSONDecoder):
    """Reads whatever a row holds: a sentence stands where a number or a depth is too much.

    A page that shows a row has to come up, whatever is in it. `strict_json` refuses such a
    sentence, so that nobody takes it for the value.
    """

    fraction: Any = staticmethod(float)

    def __init__(self, **options: Any) -> None:
        numbers = {"parse_int": _whole, "parse_float": self._fraction}
        super().__init__(**{**options, **numbers})

    def decode(self, text: str, *args: Any) -> Any:
        try:
            value = super().decode(text, *args)
        except RecursionError:
            # Such a column holds an object or a list, and its readers ask for nothing else.
            return {"": _too_deep()} if text.lstrip().startswith("{") else []
        is_deep = text.count("{") + text.count("[") > MAX_SHOWN_DEPTH
        return _cut(value) if is_deep else value

    def _fraction(self, text: str) -> Any:
        return self.fraction(text) if len(text) <= jsontext.MAX_DIGITS else _too_long(text)


class ExactDecoder(SafeDecoder):
    """Reads fractions as Decimal."""

    fraction = Decimal


class ExactEncoder(json.JSONEncoder):
    """Writes Decimal as a number, with all its digits."""

    def encode(self, value: Any) -> str:
        return jsontext.storable(value)


class SafeJSONField(models.JSONField):
    """Django's JSONField, read by `SafeDecoder`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"decoder": SafeDecoder, **options})

    def deconstruct(self) -> Any:
        """Be a JSONField to migrations: how it is read changes nothing in the database."""
        name, _path, args, options = super().deconstruct()
        del options["decoder"]
        return name, "django.db.models.JSONField", args, options


class ExactJSONField(models.JSONField):
    """JSON whose numbers come back with the digits they had; plain JSONField makes floats."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "encoder": ExactEncoder, "decoder": ExactDecoder})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["encoder"], options["decoder"]
        return name, path, args, options


if TYPE_CHECKING:  # generic for the checker only
    _Text = models.CharField[str, str]
    _Address = models.EmailField[str, str]
else:
    _Text, _Address = models.CharField, models.EmailField


class NameField(_Text):
    """What people call a thing: one line, which mails and logs can carry."""

    default_validators = [validate_line]

    def deconstruct(self) -> Any:
        """Be a CharField to migrations: what is refused changes nothing in the database."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options


class ZoneField(NameField):
    """The name of a time zone."""

    default_validators = [validate_zone]


class AddressField(_Address):
    """A mail address that a message can carry."""

    default_validators = [validate_address]

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.EmailField", args, options


def _whole(text: str) -> Json:
    return int(text) if len(text) <= jsontext.MAX_DIGITS else _too_long(text)


def _too_long(text: str) -> UnreadableJson:
    digits = sum(map(str.isdigit, text))
    return UnreadableJson(
        _("[a number of %(digits)s digits: too long to be read]") % {"digits": digits}
    )


def _too_deep() -> UnreadableJson:
    return UnreadableJson(_("[nested too deeply to be read]"))


def _cut(value: Json) -> Json:
    """Return the value without what is nested too deeply."""
    level: list[Json] = [value]
    for _depth in range(MAX_SHOWN_DEPTH):
        level = [inner for part in level for inner in _members(part) if _members(inner)]
        if not level:
            return value
    for part in level:
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            part[key] = _too_deep() if _members(part[key]) else part[key]
    return value


def _members(part: Json) -> Any:
    if isinstance(part, dict):
        return part.values()
    return part if isinstance(part, list) else ()
