"""Mail addresses: which ones a message can carry in its headers, and a server is asked to reach.

Pure. Narrower than what Django takes for an address: quoted local parts may hold control characters
there, at which the mail library fails. Nobody has such an address. Letters beyond ASCII may stand
behind the @ (RFC 5891), before it only where a server is asked whether it knows them (RFC 6531).
"""

import re
import unicodedata
from ipaddress import ip_address
from typing import Final

from tenants.core.text.characters import composed, without_invisible

MAX_CHARACTERS: Final = 254  # RFC 5321: a path of 256, less its brackets
MAX_LOCAL_CHARACTERS: Final = 64

_ATOM: Final = r"[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL: Final = re.compile(r"[0-9a-z](?:[-0-9a-z]{0,61}[0-9a-z])?")
# Of the characters beyond ASCII: letters, their accents, digits.
_BEYOND_ASCII: Final = frozenset("LMN")


def is_address(text: object) -> bool:
    """Say whether it is one mail address that every server takes, without a name and brackets."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return False
    local, at, domain = text.rpartition("@")
    is_local = len(local) <= MAX_LOCAL_CHARACTERS and _LOCAL.fullmatch(local) is not None
    return bool(at) and is_local and _is_domain(domain)


def is_international_address(text: str) -> bool:
    """Say whether it is one mail address, if only for servers that know SMTPUTF8."""
    local, _at, domain = text.rpartition("@")
    written = "".join(_as_letter(one) for one in local)
    return len(local.encode()) <= MAX_LOCAL_CHARACTERS and is_address(f"{written}@{domain}")


def without_marks(text: str) -> str:
    """Return the address without the invisible characters that came along when it was copied."""
    return without_invisible(text).strip()


def needs_smtputf8(address: str) -> bool:
    """Say whether only a server that knows SMTPUTF8 takes the address."""
    return not address.rpartition("@")[0].isascii()


def for_server(address: str) -> str:
    """Return the address as a server is asked to reach it.

    A domain in another alphabet has a name in ASCII, which every server knows; a name before the @
    has none.
    """
    local, _at, domain = address.rpartition("@")
    return address if needs_smtputf8(address) else f"{local}@{_in_ascii(domain)}"


def compared(address: str) -> str:
    """Return what two ways to write one address have in common: case counts before the @ only."""
    local, _at, domain = address.rpartition("@")
    return f"{composed(local)}@{_in_ascii(domain).lower()}"


def _in_ascii(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _as_letter(character: str) -> str:
    """Return a letter of ASCII for a letter, an accent or a digit beyond it."""
    is_beyond = not character.isascii() and unicodedata.category(character)[0] in _BEYOND_ASCII
    return "a" if is_beyond else character


def _is_domain(domain: str) -> bool:
    if domain.startswith("[") and domain.endswith("]"):
        return _is_ip(domain[1:-1].removeprefix("IPv6:"))
    try:
        # As mails name a domain in another alphabet.
        labels = domain.encode("idna").decode("ascii").lower().split(".")
    except UnicodeError:
        return False
    is_named = all(_LABEL.fullmatch(label) for label in labels)
    return is_named and (labels == ["localhost"] or (len(labels) > 1 and not labels[-1].isdigit()))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text
