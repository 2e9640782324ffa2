"""A message template as it is registered with WhatsApp, and the values that it takes.

Steps give the values in one object (`template_vars`). A value of the text stands there under its
own name; the header's is `header`, `header_link` or `header_file_name`, a button's `button_1`, …,
unless the registered text names it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from actions.whatsapp.places import are_named, places_in
from tenants.core.json import Json

# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
HEADER_LIMIT: Final = 60
BODY_LIMIT: Final = 1024
BODY_ALONE_LIMIT: Final = 32_768  # of a value, in a template that has nothing but its text
ADDRESS_LIMIT: Final = 2000
COUPON_LIMIT: Final = 20
ONE_TIME_CODE_LIMIT: Final = 15
FILE_NAME_LIMIT: Final = 240


_Kind = TypeVar("_Kind", bound=StrEnum)


class HeaderKind(StrEnum):
    """What stands above the text."""

    NONE = ""
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"


MEDIA: Final = frozenset({HeaderKind.IMAGE, HeaderKind.VIDEO, HeaderKind.DOCUMENT})


class ButtonKind(StrEnum):
    """What a tap on a button does."""

    URL = "url"  # opens an address, whose end may be a value
    COPY_CODE = "copy_code"  # copies a coupon code, which is a value
    OTP = "otp"  # copies the one-time code that stands in the text
    QUICK_REPLY = "quick_reply"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Button:
    """One of them."""

    kind: ButtonKind
    text: str = ""  # what stands on it
    target: str = ""  # the address or the phone number


class ValueKind(StrEnum):
    """What a value is: it decides what WhatsApp takes."""

    TEXT = "text"
    LINK = "link"  # the address of a picture, a video or a document
    FILE_NAME = "file_name"
    ADDRESS_END = "address_end"  # what follows the registered part of a button's address
    COUPON = "coupon"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that a step has to give."""

    key: str  # in the step's `template_vars`
    kind: ValueKind
    part: str  # header, body or button
    limit: int  # characters
    name: str = ""  # as registered; "": by its place
    place: int = 0  # of a button: its index
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """What WhatsApp knows of a template, as far as it was entered here."""

    key: str
    name: str
    language: str
    body: str = ""
    parameters: tuple[str, ...] = ()  # of the body, in the registered order
    is_named: bool = False
    header: HeaderKind = HeaderKind.NONE
    header_text: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    wanted: tuple[Wanted, ...] = field(default=(), compare=False)

    @property
    def optional_keys(self) -> frozenset[str]:
        return frozenset(one.key for one in self.wanted if one.is_optional)


class Entered(Protocol):
    """A message template as people have entered it."""

    key: Any
    provider_name: Any
    language: Any
    text: Any
    parameters: Any
    parameter_format: Any  # named, numbered, or "" for what the text shows
    header_kind: Any
    header_text: Any
    footer: Any
    buttons: Any


def registered(entered: Entered) -> Registered:
    """Return what WhatsApp knows of a template. What cannot be read of it is left out."""
    found = entered.parameters if isinstance(entered.parameters, list) else []
    names = tuple(str(name) for name in found)
    rows = entered.buttons if isinstance(entered.buttons, list) else []
    header = _known(HeaderKind, entered.header_kind, HeaderKind.NONE)
    header_text = entered.header_text if header is HeaderKind.TEXT else ""
    how = entered.parameter_format
    read = Registered(
        key=entered.key,
        name=entered.provider_name or entered.key,
        language=entered.language,
        body=entered.text,
        parameters=names,
        is_named=how == "named" if how else _is_named(entered.text, header_text, names),
        header=header,
        header_text=header_text,
        footer=entered.footer,
        buttons=tuple(_button(one) for one in rows if isinstance(one, dict)),
    )
    return replace(read, wanted=tuple(_wanted(read)))


def _known(kinds: type[_Kind], value: Any, otherwise: _Kind) -> _Kind:
    return next((kind for kind in kinds if kind.value == value), otherwise)


def _is_named(body: str, header: str, names: Sequence[str]) -> bool:
    places = places_in(body)
    # Without a value in the text, the header shows which way it is.
    return are_named(
        [one for one in places if one in names] or ([] if names else places_in(header))
    )


def _button(entered: Mapping[str, Json]) -> Button:
    kind = _known(ButtonKind, entered.get("kind"), ButtonKind.QUICK_REPLY)
    return Button(kind, str(entered.get("text", "")), str(entered.get("target", "")))


def _wanted(entered: Registered) -> Iterable[Wanted]:
    taken = set(entered.parameters)
    yield from _of_header(entered, taken)
    has_more = entered.header or entered.footer or entered.buttons
    limit = BODY_LIMIT if has_more else BODY_ALONE_LIMIT
    if any(button.kind is ButtonKind.OTP for button in entered.buttons):
        limit = ONE_TIME_CODE_LIMIT
    for one in entered.parameters:
        yield Wanted(one, ValueKind.TEXT, "body", limit, one if entered.is_named else "")
    for index, button in enumerate(entered.buttons):
        yield from _of_button(entered, button, index, taken)


def _of_header(entered: Registered, taken: set[str]) -> Iterable[Wanted]:
    if entered.header is HeaderKind.TEXT:
        for place in places_in(entered.header_text)[:1]:
            name = place if entered.is_named else ""
            key = name or _free("header", taken)
            yield Wanted(key, ValueKind.TEXT, "header", HEADER_LIMIT, name)
    elif entered.header in MEDIA:
        yield Wanted(_free("header_link", taken), ValueKind.LINK, "header", ADDRESS_LIMIT)
        if entered.header is HeaderKind.DOCUMENT:
            key = _free("header_file_name", taken)
            yield Wanted(key, ValueKind.FILE_NAME, "header", FILE_NAME_LIMIT, is_optional=True)


def _of_button(
    entered: Registered, button: Button, index: int, taken: set[str]
) -> Iterable[Wanted]:
    key = _free(f"button_{index + 1}", taken)
    if button.kind is ButtonKind.COPY_CODE:
        yield Wanted(key, ValueKind.COUPON, "button", COUPON_LIMIT, place=index)
    elif button.kind is ButtonKind.URL:
        for place in places_in(button.target)[:1]:
            name = "" if place.isdecimal() else place
            yield Wanted(name or key, ValueKind.ADDRESS_END, "button", ADDRESS_LIMIT, name, index)


def _free(key: str, taken: set[str]) -> str:
    """Return a key that no value of the text has: their names are people's own."""
    while key in taken:
        key += "_"
    return key
