"""What is wrong with a template as it was entered: each fault at its field, in a sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from actions.outbound.addresses import AddressRefused, target_of
from actions.whatsapp.places import are_named, fault_in, is_name, places_in
from actions.whatsapp.registered import (
    ADDRESS_LIMIT,
    BODY_LIMIT,
    HEADER_LIMIT,
    Button,
    ButtonKind,
    HeaderKind,
    Registered,
)

# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
FOOTER_LIMIT: Final = 60
LABEL_LIMIT: Final = 25
PHONE_LIMIT: Final = 20
MAX_BUTTONS: Final = 10
_MAX_OF_KIND: Final[Mapping[ButtonKind, int]] = {
    ButtonKind.URL: 2,
    ButtonKind.COPY_CODE: 1,
    ButtonKind.OTP: 1,
    ButtonKind.PHONE: 1,
}
_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_PHONE: Final = re.compile(r"\+?[0-9 ()-]{3,}")
# WhatsApp writes on these buttons itself, in the language of the phone.
_LABELLED: Final = frozenset({ButtonKind.COPY_CODE, ButtonKind.OTP})


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """A mistake, at its field of the form."""

    field: str
    sentence: str


def names_from(body: str) -> list[str]:
    """Return what the values of a text are called, where nobody has named them."""
    found = places_in(body)
    return found if are_named(found) else [f"value_{number}" for number in range(1, len(found) + 1)]


def faults(entered: Registered, how: str = "") -> list[TemplateFault]:
    """Return what WhatsApp would not have registered, or what no step could send."""
    body = list(_of_body(entered))
    return [
        *_of_names(entered),
        *body,
        # What its places are called can be compared once they are places.
        *(() if body else _of_parameters(entered, how)),
        *_of_header(entered),
        *_of_footer(entered),
        *_of_buttons(entered),
    ]


def _of_names(entered: Registered) -> Iterator[TemplateFault]:
    if not _LANGUAGE.fullmatch(entered.language):
        said = _("WhatsApp writes a language as en, ar or en_US.")
        yield TemplateFault("language", said)
    if not _NAME.fullmatch(entered.name):
        said = _(
            "“%(name)s” cannot be a name of WhatsApp: it has small letters, digits and underscores"
            " only. Copy it from the WhatsApp Manager."
        )
        yield TemplateFault("provider_name", said % {"name": entered.name})


def _of_text(field: str, text: str, limit: int) -> Iterator[TemplateFault]:
    if len(text) > limit:
        said = _("WhatsApp takes %(limit)s characters here; these are %(length)s.")
        yield TemplateFault(field, said % {"limit": limit, "length": len(text)})
    odd = fault_in(text)
    if odd:
        said = _(
            "“%(place)s” is not how WhatsApp marks a value: that is {{1}}, {{2}} and so on, or a"
            " name in small letters such as {{customer_name}}."
        )
        yield TemplateFault(field, said % {"place": odd})


def _of_body(entered: Registered) -> Iterator[TemplateFault]:
    yield from _of_text("text", entered.body, BODY_LIMIT)
    found = places_in(entered.body)
    numbers = [one for one in found if one.isdecimal()]
    if numbers and len(numbers) < len(found):
        yield TemplateFault(
            "text", _("Values are marked by number or by name, not by both in one text.")
        )
    elif numbers and not _go_on(numbers):
        yield TemplateFault("text", _("The numbers of the values go on from {{1}} without a gap."))


def _go_on(numbers: Sequence[str]) -> bool:
    """Say whether they are 1, 2 and so on. Python refuses to read a number of 5,000 digits."""
    is_short = all(len(one) <= len(str(BODY_LIMIT)) for one in numbers)
    return is_short and sorted(map(int, numbers)) == list(range(1, len(numbers) + 1))


def _of_parameters(entered: Registered, how: str) -> Iterator[TemplateFault]:
    found, names = places_in(entered.body), entered.parameters
    if found and how and are_named(found) != (how == "named"):
        yield TemplateFault("parameter_format", _("The text marks its values the other way."))
    if entered.is_named and not all(is_name(name) for name in names):
        said = _("Names that WhatsApp knows have small letters, digits and underscores only.")
        yield TemplateFault("parameters", said)
    if not entered.body.strip():
        return  # no copy of the text: nothing to compare with
    if are_named(found) and set(found) != set(names):
        said = _("The text takes these values: %(names)s. Write exactly these.")
        yield TemplateFault("parameters", said % {"names": ", ".join(found)})
    elif not are_named(found) and len(found) != len(names):
        said = _("The text has places for %(places)s values, and here are %(names)s names.")
        yield TemplateFault("parameters", said % {"places": len(found), "names": len(names)})


def _of_header(entered: Registered) -> Iterator[TemplateFault]:
    if entered.header is not HeaderKind.TEXT:
        return
    text = entered.header_text
    if not text.strip():
        yield TemplateFault("header_text", _("Write the text of the header as it is registered."))
    yield from _of_text("header_text", text, HEADER_LIMIT)
    found = places_in(text)
    if len(found) > 1:
        yield TemplateFault("header_text", _("A header takes one value at most."))
    elif found and are_named(found) != entered.is_named and entered.parameters:
        yield TemplateFault("header_text", _("The text marks its values the other way."))
    elif found and not are_named(found) and found != ["1"]:
        yield TemplateFault(
            "header_text", _("The numbers of the values go on from {{1}} without a gap.")
        )


def _of_footer(entered: Registered) -> Iterator[TemplateFault]:
    yield from _of_text("footer", entered.footer, FOOTER_LIMIT)
    if places_in(entered.footer):
        yield TemplateFault("footer", _("A footer takes no values."))


def _of_buttons(entered: Registered) -> Iterator[TemplateFault]:
    buttons = entered.buttons
    if len(buttons) > MAX_BUTTONS:
        yield TemplateFault("buttons", _("A template has ten buttons at most."))
    kinds = [one.kind for one in buttons]
    for kind, most in _MAX_OF_KIND.items():
        if kinds.count(kind) > most:
            said = _("WhatsApp allows %(most)s of this kind of button, and here are %(count)s.")
            yield TemplateFault("buttons", said % {"most": most, "count": kinds.count(kind)})
    if _is_mixed([kind is ButtonKind.QUICK_REPLY for kind in kinds]):
        said = _("Buttons that send an answer stand together, before or after all others.")
        yield TemplateFault("buttons", said)
    if ButtonKind.OTP in kinds and (len(kinds) > 1 or len(entered.parameters) != 1):
        said = _("A one-time code is the only value of its text, and has the only button.")
        yield TemplateFault("buttons", said)
    for number, button in enumerate(buttons, start=1):
        for said in _of_button(button):
            numbered = _("Button %(number)s: %(said)s") % {"number": number, "said": said}
            yield TemplateFault("buttons", numbered)


def _is_mixed(replies: Sequence[bool]) -> bool:
    return sum(1 for one, following in pairwise(replies) if one != following) > 1


def _of_button(button: Button) -> Iterator[str]:
    if not button.text.strip() and button.kind not in _LABELLED:
        yield _("Write what stands on it.")
    if len(button.text) > LABEL_LIMIT:
        yield _("At most %(limit)s characters may stand on it.") % {"limit": LABEL_LIMIT}
    if button.kind is ButtonKind.URL:
        yield from _of_address(button.target)
    elif button.kind is ButtonKind.PHONE:
        is_phone = _PHONE.fullmatch(button.target) and len(button.target) <= PHONE_LIMIT
        if not is_phone:
            yield _("Write the number that it calls, with the country code.")


def _of_address(address: str) -> Iterator[str]:
    base, _brace, rest = address.partition("{{")
    found = places_in(address)
    if len(found) > 1 or fault_in(address):
        yield _("An address takes one value at most, marked {{1}} or by its name.")
    elif found and rest.partition("}}")[2]:
        yield _("The value of an address stands at its end.")
    try:
        target_of(base)
    except AddressRefused:
        yield _("Write the whole address: it begins with https://.")
        return
    if found and "/" not in base.partition("://")[2]:
        yield _("The value may only follow the name of the server and a slash.")
    if len(address) > ADDRESS_LIMIT:
        yield _("An address has %(limit)s characters at most.") % {"limit": ADDRESS_LIMIT}


def entered_buttons(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the rows of a form in which something was entered, as they are stored."""
    found = []
    for row in rows:
        said = {name: str(row.get(name) or "").strip() for name in ("kind", "text", "target")}
        if said["kind"] or said["text"] or said["target"]:
            kind = said["kind"] or (ButtonKind.URL if said["target"] else ButtonKind.QUICK_REPLY)
            kept = {**said, "kind": str(kind)}
            if kind not in {ButtonKind.URL, ButtonKind.PHONE}:
                del kept["target"]
            found.append({name: value for name, value in kept.items() if value})
    return found
