"""A WhatsApp message in words: what its values are called, and what its parts say."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from actions.whatsapp.faults import MAX_BUTTONS
from actions.whatsapp.registered import (
    ButtonKind,
    HeaderKind,
    Registered,
    ValueKind,
    Wanted,
)
from tenants.core.json import Json
from workflows.presentation.redaction import mask_links_in
from workflows.presentation.values import spelt_out

MEDIA: Final[Mapping[str, Any]] = {
    HeaderKind.IMAGE: pgettext_lazy("header of a message", "Picture"),
    HeaderKind.VIDEO: pgettext_lazy("header of a message", "Video"),
    HeaderKind.DOCUMENT: pgettext_lazy("header of a message", "Document"),
}
# What the table of a step's results leaves out: the picture of the message says it.
PARTS: Final = frozenset({"header", "footer", "buttons", "message_status"})
# WhatsApp writes these itself, in the language of the phone.
_LABELS: Final[Mapping[str, Any]] = {
    ButtonKind.COPY_CODE: gettext_lazy("Copy offer code"),
    ButtonKind.OTP: gettext_lazy("Copy code"),
}


def asked(template: Registered) -> list[dict[str, Json]]:
    """Return the values that a step gives, each with a title and what it has to be."""
    found: dict[str, dict[str, Json]] = {}
    for wanted in template.wanted:
        said: dict[str, Json] = {"value": wanted.key, "title": _title(template, wanted)}
        help_text = _help(template, wanted)
        if help_text:
            said["help"] = help_text
        if wanted.is_optional:
            said["optional"] = "1"
        found.setdefault(wanted.key, said)
    return list(found.values())


def told(shown: Mapping[str, Json]) -> dict[str, Json]:
    """Return a message with what its reader sees on it, where the parts alone do not say it.

    Secrets of links are masked: who may read a page may not decide.
    """
    message = dict(mask_links_in(dict(shown)))
    header = message.get("header")
    if isinstance(header, dict) and header.get("kind") in MEDIA:
        message["header"] = {**header, "label": str(MEDIA[header["kind"]])}
    message["name"] = message.get("name") or message.get("template") or ""
    message["text"] = str(message.get("text") or "")
    if message.get("message_status"):
        message["note"] = _(
            "WhatsApp has taken this message and holds it back (%(status)s): it may be sent later,"
            " or never. Look at the template in the WhatsApp Manager before you count on it."
        ) % {"status": message["message_status"]}
    buttons = message.get("buttons")
    if isinstance(buttons, list):
        message["buttons"] = [_button(one) for one in buttons if isinstance(one, dict)]
    return message


def value_names(count: int = MAX_BUTTONS) -> dict[str, str]:
    """Return what values are called that stand outside the text, whatever the template."""
    numbers = range(1, count + 1)
    return {
        "header": _("Header: value"),
        "header_link": _("Header: address of the file"),
        "header_file_name": _("Header: name of the file"),
        **{f"button_{one}": _("Button %(number)s") % {"number": one} for one in numbers},
    }


def _button(button: Mapping[str, Json]) -> dict[str, Json]:
    kind = str(button.get("kind", ""))
    return {**button, "text": button.get("text") or str(_LABELS.get(kind, ""))}


def _title(template: Registered, wanted: Wanted) -> str:
    if wanted.name or wanted.part == "body":
        return spelt_out(wanted.key)
    if wanted.kind is ValueKind.LINK:
        titles = {
            HeaderKind.IMAGE: _("Header: address of the picture"),
            HeaderKind.VIDEO: _("Header: address of the video"),
            HeaderKind.DOCUMENT: _("Header: address of the document"),
        }
        return titles[template.header]
    if wanted.part == "header":
        is_name = wanted.kind is ValueKind.FILE_NAME
        return _("Header: name of the file") if is_name else _("Header: value")
    label = {"button": _button_name(template, wanted.place)}
    if wanted.kind is ValueKind.COUPON:
        return _("Button “%(button)s”: the code") % label
    return _("Button “%(button)s”: end of the address") % label


def _button_name(template: Registered, place: int) -> str:
    button = template.buttons[place]
    return button.text or str(_LABELS.get(button.kind, place + 1))


def _help(template: Registered, wanted: Wanted) -> str:
    if wanted.kind is ValueKind.LINK:
        return _("Begins with https:// and opens from anywhere without a log-in.")
    if wanted.kind is ValueKind.FILE_NAME:
        return _("As the customer sees it, for example invoice.pdf.")
    if wanted.kind is ValueKind.ADDRESS_END:
        base = template.buttons[wanted.place].target.partition("{{")[0]
        return _("Only what follows %(base)s") % {"base": base}
    if wanted.kind is ValueKind.COUPON:
        return _("Letters A to Z and digits, %(limit)s at most.") % {"limit": wanted.limit}
    if wanted.part == "header":
        return _("%(limit)s characters at most.") % {"limit": wanted.limit}
    return ""
