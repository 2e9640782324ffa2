"""What a value of a message may be. What WhatsApp would refuse is refused before it is sent."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from actions.errors import PermanentFailure
from actions.outbound.addresses import AddressRefused, is_public, target_of
from actions.whatsapp.places import filled
from actions.whatsapp.registered import ADDRESS_LIMIT, Registered, ValueKind, Wanted
from tenants.core.text.characters import without_invisible

_BREAK: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_COUPON: Final = re.compile(r"[A-Za-z0-9]+")
_NO_FILE_NAME: Final = re.compile(r"[/\\]")
# What an address may hold as it is. A colon is not among it: WhatsApp wants it as %3A.
_ADDRESS_SIGNS: Final = "/?&=#%+,;@!$'()*~-._"
# Names that only a private network knows.
_PRIVATE: Final = (".local", ".internal", ".localhost", ".lan", ".home.arpa")


def checked(template: Registered, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the values as they are sent, by `own_key`. Raises PermanentFailure."""
    keys = [one.key for one in template.wanted]
    optional = template.optional_keys
    missing = list(dict.fromkeys(key for key in keys if key not in given and key not in optional))
    superfluous = sorted(set(given) - set(keys))
    if missing or superfluous:
        raise PermanentFailure(
            "template_values_differ",
            template=template.key,
            missing=missing,
            superfluous=superfluous,
        )
    found: dict[str, str] = {}
    for wanted in template.wanted:
        value = _READ[wanted.kind](template, wanted, str(given.get(wanted.key, "")))
        if value:
            found[own_key(wanted)] = value
    return found


def own_key(wanted: Wanted) -> str:
    """Return the key of a value in one place: a name may stand in an address too, encoded."""
    return f"{wanted.part}:{wanted.place}:{wanted.kind}:{wanted.key}"


def _text(template: Registered, wanted: Wanted, value: str) -> str:
    # WhatsApp refuses line breaks, tabs and runs of spaces inside a value.
    value = " ".join(value.split())
    _refuse_empty(template, wanted, value)
    return _short_enough(template, wanted, value)


def _link(template: Registered, wanted: Wanted, value: str) -> str:
    value = _one_line(template, wanted, value)
    _refuse_empty(template, wanted, value)
    link = _encoded(value)
    if not link or not _is_open(link):
        raise PermanentFailure(
            "template_link_refused", template=template.key, name=wanted.key, link=value
        )
    return _short_enough(template, wanted, link)


def _file_name(template: Registered, wanted: Wanted, value: str) -> str:
    value = _one_line(template, wanted, value)
    if _NO_FILE_NAME.search(value):
        raise PermanentFailure(
            "template_file_name_refused", template=template.key, name=wanted.key, value=value
        )
    return _short_enough(template, wanted, value)


def _address_end(template: Registered, wanted: Wanted, value: str) -> str:
    base = template.buttons[wanted.place].target.partition("{{")[0]
    value = _behind(base, _one_line(template, wanted, value))
    _refuse_empty(template, wanted, value)
    if "://" in value.partition("?")[0] and not base.endswith("="):
        # Behind the registered part it would make an address that leads nowhere.
        raise PermanentFailure(
            "template_whole_address", template=template.key, name=wanted.key, base=base, value=value
        )
    end = quote(_ESCAPE.sub("%25", value), safe=_ADDRESS_SIGNS)
    if not _is_same_server(base, f"{base}{end}"):
        raise PermanentFailure(
            "template_link_refused", template=template.key, name=wanted.key, link=f"{base}{end}"
        )
    room = ADDRESS_LIMIT - len(base)
    if len(end) > room:
        _refuse_long(template, wanted, len(end), room)
    return end


def _behind(base: str, value: str) -> str:
    """Return what follows the registered part of an address, if the value repeats that part."""
    for said in (base, base.partition("://")[2]):
        if said and value.startswith(said):
            return value.removeprefix(said)
    # A path as shops hand it out: /orders/1001
    return value.removeprefix("/") if base.endswith("/") else value


def _coupon(template: Registered, wanted: Wanted, value: str) -> str:
    value = _one_line(template, wanted, value)
    _refuse_empty(template, wanted, value)
    if not _COUPON.fullmatch(value):
        raise PermanentFailure(
            "template_code_refused", template=template.key, name=wanted.key, value=value
        )
    return _short_enough(template, wanted, value)


_READ: Final[Mapping[ValueKind, Callable[[Registered, Wanted, str], str]]] = {
    ValueKind.TEXT: _text,
    ValueKind.LINK: _link,
    ValueKind.FILE_NAME: _file_name,
    ValueKind.ADDRESS_END: _address_end,
    ValueKind.COUPON: _coupon,
}


def _one_line(template: Registered, wanted: Wanted, value: str) -> str:
    """Return the value without what nobody sees. One with a line break inside is refused."""
    value = without_invisible(value).strip()
    if _BREAK.search(value):
        raise PermanentFailure("template_value_line_break", template=template.key, name=wanted.key)
    return value


def _refuse_empty(template: Registered, wanted: Wanted, value: str) -> None:
    if not without_invisible(value).strip():
        raise PermanentFailure("template_value_empty", template=template.key, name=wanted.key)


def _short_enough(template: Registered, wanted: Wanted, value: str) -> str:
    if len(value) > wanted.limit:
        _refuse_long(template, wanted, len(value), wanted.limit)
    return value


def _refuse_long(template: Registered, wanted: Wanted, length: int, limit: int) -> None:
    raise PermanentFailure(
        "template_value_too_long",
        template=template.key,
        name=wanted.key,
        length=length,
        limit=limit,
    )


def _encoded(link: str) -> str:
    """Return an address as it travels: in ASCII. "" for one that cannot be read."""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").encode("idna").decode() if not link.isascii() else ""
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    place = parts.netloc if not host or parts.username else f"{host}{port}"
    safe = _ADDRESS_SIGNS + ":"
    rest = (quote(_ESCAPE.sub("%25", part), safe=safe) for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, place, *rest, ""))


def _is_open(link: str) -> bool:
    """Say whether Meta, which fetches it, could: by https, and from anywhere."""
    try:
        target = target_of(link)
    except AddressRefused:
        return False
    return target.scheme == "https" and _is_public_name(target.host)


def _is_public_name(host: str) -> bool:
    try:
        return is_public(ip_address(host))
    except ValueError:
        name = host.rstrip(".")
        return "." in name and not name.endswith(_PRIVATE) and not name[-1].isdigit()


def _is_same_server(base: str, address: str) -> bool:
    try:
        return target_of(base).origin == target_of(address).origin
    except AddressRefused:
        return False


def shown_address(target: str, end: str) -> str:
    place = target.partition("{{")[2].partition("}}")[0].strip()
    return filled(target, {place: end}) if end else target
