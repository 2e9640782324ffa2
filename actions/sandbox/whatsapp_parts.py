"""The parts of a message against the registered template: header, text and buttons."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from actions.sandbox.whatsapp_templates import PLACE, KnownTemplate, places
from tenants.core.json import Json

MEDIA: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
HEADER_LIMIT: Final = 60
BODY_LIMIT: Final = 1024
BODY_ALONE_LIMIT: Final = 32_768
ADDRESS_LIMIT: Final = 2000
COUPON_LIMIT: Final = 20
ONE_TIME_CODE_LIMIT: Final = 15
_UNEVEN: Final = re.compile(r"[\n\r\t]| {5,}")
_NO_ADDRESS: Final = re.compile(r"[^\x21-\x7e]|[<>\"\\^`{|}]|:")
_SUB_TYPES: Final = {"URL": "url", "OTP": "url", "COPY_CODE": "copy_code"}


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """Why a message is refused."""

    code: str
    details: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The components of a message, told apart."""

    header: list[Mapping[str, Json]]
    body: list[Mapping[str, Json]]
    buttons: Mapping[int, Mapping[str, Json]]
    has_header: bool = False


def members(value: Json) -> Mapping[str, Json]:
    """Return an object; of anything else, an empty one."""
    return value if isinstance(value, dict) else {}


def components_of(template: Mapping[str, Json]) -> Sent:
    found = template.get("components")
    header: list[Mapping[str, Json]] = []
    body: list[Mapping[str, Json]] = []
    buttons: dict[int, Mapping[str, Json]] = {}
    has_header = False
    for one in found if isinstance(found, list) else []:
        component = members(one)
        kind = str(component.get("type", "body")).lower()
        if kind == "header":
            has_header, header = True, _parameters(component)
        elif kind == "button":
            index = str(component.get("index", ""))
            buttons[int(index) if index.isdecimal() else -1] = component
        else:
            body = _parameters(component)
    return Sent(header, body, buttons, has_header)


def _parameters(component: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    found = component.get("parameters")
    return [members(one) for one in found] if isinstance(found, list) else []


def fault(known: KnownTemplate, sent: Sent) -> RefusedMessage | None:
    return next(_faults(known, sent), None)


def _faults(known: KnownTemplate, sent: Sent) -> Iterator[RefusedMessage]:
    if known.header in MEDIA:
        yield from _of_media(known, sent)
    else:
        yield from _of_texts("header", known.header_text, sent.header, known.is_named)
    yield from _of_texts("body", known.body, sent.body, known.is_named)
    has_more = known.header or known.footer or known.buttons
    for part, text, values, limit in (
        ("header", known.header_text, sent.header, HEADER_LIMIT),
        ("body", known.body, sent.body, BODY_LIMIT if has_more else BODY_ALONE_LIMIT),
    ):
        if known.header in MEDIA and part == "header":
            continue
        if len(_filled(text, values)) > limit:
            yield RefusedMessage("132005", f"{part}: the text has more than {limit} characters")
    yield from _of_buttons(known, sent)


def _of_media(known: KnownTemplate, sent: Sent) -> Iterator[RefusedMessage]:
    given = sent.header[0] if sent.header else {}
    kind = str(given.get("type", "unknown")).upper()
    if kind != known.header:
        said = f"header: Format mismatch, expected {known.header}, received {kind}"
        yield RefusedMessage("132012", said)
        return
    media = members(given.get(kind.lower()))
    link = str(media.get("link", ""))
    if not link and not media.get("id"):
        yield RefusedMessage(
            "131008", f"Parameter of type {kind.lower()} is missing a link or an id"
        )
    elif link and not re.match(r"https?://[^\s/]+\.[^\s/]+", link):
        yield RefusedMessage("100", f"Param {kind.lower()}['link'] is not a valid URL.")


def _of_texts(
    part: str, text: str, values: list[Mapping[str, Json]], is_named: bool
) -> Iterator[RefusedMessage]:
    wanted = places(text)
    odd = next((one for one in values if one.get("type") != "text"), None)
    if odd is not None:
        kind = str(odd.get("type", "unknown")).upper()
        yield RefusedMessage("132012", f"{part}: Format mismatch, expected TEXT, received {kind}")
    if is_named and any(not one.get("parameter_name") for one in values):
        yield RefusedMessage("100", "Parameter name is missing or empty")
    names = {one.get("parameter_name") for one in values}
    if len(values) != len(wanted) or (is_named and names != set(wanted)):
        said = (
            f"{part}: number of localizable_params ({len(values)}) does not match the expected"
            f" number of params ({len(wanted)})"
        )
        yield RefusedMessage("132000", said)
    if not is_named and any(names):
        yield RefusedMessage("132018", f"{part}: the template takes its values by place")
    yield from _of_values(values)


def _of_values(values: Iterable[Mapping[str, Json]]) -> Iterator[RefusedMessage]:
    for one in values:
        text = str(one.get("text", ""))
        if not text.strip():
            yield RefusedMessage("131008", "Parameter of type text is missing text value")
        if _UNEVEN.search(text):
            yield RefusedMessage(
                "132018",
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            )


def _of_buttons(known: KnownTemplate, sent: Sent) -> Iterator[RefusedMessage]:
    for index, button in enumerate(known.buttons):
        yield from _of_button(index, button, sent.buttons.get(index))
    for index in sent.buttons:
        if not 0 <= index < len(known.buttons):
            yield RefusedMessage("132018", f"buttons: there is no button at index {index}")


def _of_button(
    index: int, button: Mapping[str, Json], given: Mapping[str, Json] | None
) -> Iterator[RefusedMessage]:
    kind = str(button.get("type", "")).upper()
    at = f"buttons: Button at index {index} of type {kind.title().replace('_', '')}"
    if not _takes_value(button):
        if given is not None and kind != "QUICK_REPLY":
            yield RefusedMessage("132018", f"{at} does not take a parameter")
        return
    value = _value(given)
    if given is None or not value:
        yield RefusedMessage("131008", f"{at} requires a parameter")
        return
    wanted = _SUB_TYPES[kind]
    if str(given.get("sub_type", "")).lower() != wanted:
        yield RefusedMessage("132012", f"{at}: expected {wanted}, received {given.get('sub_type')}")
    yield from _of_button_value(at, kind, str(button.get("url", "")), value)


def _of_button_value(at: str, kind: str, url: str, value: str) -> Iterator[RefusedMessage]:
    if kind == "COPY_CODE" and not (value.isascii() and value.isalnum()):
        yield RefusedMessage("131009", f"{at}: the code may have letters and digits only")
    limit = {"COPY_CODE": COUPON_LIMIT, "OTP": ONE_TIME_CODE_LIMIT}.get(kind, ADDRESS_LIMIT)
    whole = PLACE.sub("", url) + value if kind == "URL" else value
    if len(whole) > limit:
        yield RefusedMessage("132005", f"{at}: more than {limit} characters")
    if kind == "URL" and _NO_ADDRESS.search(value):
        yield RefusedMessage("132018", f"{at}: the address is not valid, its value is not encoded")


def _takes_value(button: Mapping[str, Json]) -> bool:
    kind = str(button.get("type", "")).upper()
    return kind in {"COPY_CODE", "OTP"} or (
        kind == "URL" and bool(places(str(button.get("url", ""))))
    )


def _value(given: Mapping[str, Json] | None) -> str:
    parameters = _parameters(members(given))
    first = parameters[0] if parameters else {}
    return str(first.get("coupon_code") or first.get("text") or "")


def shown(known: KnownTemplate, sent: Sent) -> str:
    """Return the message as the phone shows it; of an unknown template, its values."""
    header = _filled(known.header_text, sent.header)
    if not header:
        header = "\n".join(_media_shown(one) for one in sent.header)
    body = _filled(known.body, sent.body)
    body = body or "\n".join(str(one.get("text", "")) for one in sent.body)
    buttons = [
        _button_shown(button, _value(sent.buttons.get(index)))
        for index, button in enumerate(known.buttons)
    ]
    return "\n".join(part for part in (header, body, known.footer, *buttons) if part)


def _media_shown(given: Mapping[str, Json]) -> str:
    media = members(given.get(str(given.get("type", ""))))
    return " ".join(str(media[name]) for name in ("filename", "link") if name in media)


def _button_shown(button: Mapping[str, Json], value: str) -> str:
    label = str(button.get("text") or button.get("type", ""))
    target = PLACE.sub("", str(button.get("url", ""))) + value
    return f"[{label}: {target}]" if target else f"[{label}]"


def _filled(text: str, values: list[Mapping[str, Json]]) -> str:
    texts = {str(place): str(one.get("text", "")) for place, one in enumerate(values, start=1)}
    texts |= {
        str(one["parameter_name"]): str(one.get("text", ""))
        for one in values
        if "parameter_name" in one
    }
    return PLACE.sub(lambda found: texts.get(found[1], found[0]), text)
