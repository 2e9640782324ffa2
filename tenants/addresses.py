"""Mail addresses: which ones a message can carry in its headers, and a server is asked to reach.

Pure. Narrower than what Django takes for an address: quoted local parts may hold control characters
there, at which the mail library fails. Nobody has such an address.
"""

import re
from ipaddress import ip_address
from typing import Final

MAX_CHARACTERS: Final = 254  # RFC 5321: a path of 256, less its brackets
MAX_LOCAL_CHARACTERS: Final = 64

_LOCAL: Final = re.compile(r"[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+(?:\.[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+)*")
_LABEL: Final = re.compile(r"[0-9a-z](?:[-0-9a-z]{0,61}[0-9a-z])?")


def is_address(text: object) -> bool:
    """Say whether it is one mail address, without a name and without brackets."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return False
    local, at, domain = text.rpartition("@")
    is_local = len(local) <= MAX_LOCAL_CHARACTERS and _LOCAL.fullmatch(local) is not None
    return bool(at) and is_local and _is_domain(domain)


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
