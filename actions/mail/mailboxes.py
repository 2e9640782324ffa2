"""Who a mail is for, as people write it: an address, or a name and an address (RFC 5322)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final

from actions.errors import PermanentFailure
from tenants.core.text.addresses import compared, is_international_address, without_marks
from tenants.core.text.characters import shown, without_invisible
from tenants.core.text.names import one_line

MAX_NAME: Final = 200
MAX_SHOWN: Final = 100

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_COMMENT: Final = re.compile(r"\(([^()]*)\)")
# Without quotes a name may hold anything but what would begin another address or header.
_UNQUOTED: Final = re.compile(r'[^<>,;:"@\\]*')
_ENCODED: Final = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
_TO_QUOTE: Final = re.compile(r"[^\w\s'-]")
# What comes along when an address is copied out of a list, a link or a line of code.
_COPIED: Final = re.compile(r"(?:mailto:)?(.*?)[,;.]?", re.DOTALL | re.IGNORECASE)
_BEHIND: Final = frozenset({"", ",", ";"})
_MARKS_AROUND: Final = (('"', '"'), ("'", "'"))
_JOINER: Final = re.compile("([\u200c\u200d])")
_TO_ESCAPE: Final = re.compile(r'(["\\])')


class _NotOne(ValueError):
    """It is not exactly one address."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address, with the name of whose it is, "" if nobody said it."""

    name: str
    address: str

    def __str__(self) -> str:
        """Return it as a header has it, but for letters beyond ASCII."""
        if not self.name:
            return self.address
        name = self.name
        if _TO_QUOTE.search(name):
            name = _in_quotes(name)
        return f"{name} <{self.address}>"


def mailbox_of(text: str, field: str) -> Mailbox:
    """Return who `text` names.

    Raises PermanentFailure for what is not exactly one address: `"a" <a@b.c>, evil@x.y` would be
    two to the mail library. `field` is where it stands.
    """
    try:
        return _mailbox(_trimmed(text))
    except _NotOne:
        facts = {"field": field, "address": shown(text.strip()[:MAX_SHOWN])}
        quoted = _if_quoted(_trimmed(text))
        if quoted:
            facts["quoted"] = shown(quoted)
        raise PermanentFailure("bad_mail_address", **facts) from None


def _if_quoted(text: str) -> str:
    """Return what people meant whose name only lacks its quotes; "" if it is something else.

    `Haddad, Rana <a@b.c>`. With another @ or bracket there may be two addresses.
    """
    name, bracket, behind = text.partition("<")
    if not bracket or not name.strip() or "@" in name or "<" in behind:
        return ""
    bare = name.strip().strip('"').strip()
    try:
        return str(_mailbox(f"{_in_quotes(bare)} <{behind}"))
    except _NotOne:
        return ""


def _in_quotes(name: str) -> str:
    escaped = _TO_ESCAPE.sub(r"\\\1", name)
    return f'"{escaped}"'


def each_once(*fields: Iterable[Mailbox]) -> list[Sequence[Mailbox]]:
    """Return the mailboxes of To, Cc and Bcc without those whose address stands before them."""
    seen: set[str] = set()
    kept: list[Sequence[Mailbox]] = []
    for mailboxes in fields:
        new: dict[str, Mailbox] = {}
        for one in mailboxes:
            if compared(one.address) not in seen:
                new.setdefault(compared(one.address), one)
        seen |= new.keys()
        kept.append(tuple(new.values()))
    return kept


def _mailbox(text: str) -> Mailbox:
    if "<" in text:
        name, behind = _name_before(text)
        address, closed, rest = behind.partition(">")
        if not closed or _without_comment(rest) not in _BEHIND:
            raise _NotOne
    else:
        found = re.fullmatch(rf"(.*?){_COMMENT.pattern}", text, re.DOTALL)
        # The oldest way to say a name: nour@example.com (Nour Haddad)
        address, name = (found[1], found[2]) if found else (text, "")
    address = _bare(address)
    if not is_international_address(address):
        raise _NotOne
    return Mailbox(one_line(_without_marks(_decoded(name)), MAX_NAME), address)


def _without_marks(name: str) -> str:
    """Return a name without invisible characters, but for the joiners that words need."""
    parts = _JOINER.split(name)
    return "".join(one if _JOINER.match(one) else without_invisible(one) for one in parts)


def _name_before(text: str) -> tuple[str, str]:
    quoted = _QUOTED.match(text)
    if quoted is None:
        name, _bracket, behind = text.partition("<")
        # Mail programs write the address in place of a name that they do not know.
        is_address = _bare(name) == _bare(behind.partition(">")[0])
        if not is_address and not _UNQUOTED.fullmatch(name):
            raise _NotOne
        return ("" if is_address else name), behind
    between, _bracket, behind = text[quoted.end() :].partition("<")
    if _without_comment(between):
        raise _NotOne
    return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), behind


def _bare(address: str) -> str:
    """Return an address without what only stands around it."""
    found = without_marks(address)
    copied = _COPIED.fullmatch(found)
    found = copied[1].strip() if copied else found
    around = next((one for one in _MARKS_AROUND if found[:1] == one[0] == found[-1:]), None)
    return found[1:-1].strip() if around and len(found) > 1 else found


def _without_comment(text: str) -> str:
    return _trimmed(_COMMENT.sub("", text))


def _trimmed(text: str) -> str:
    """Return the text without blanks and invisible characters around it."""
    bare = without_invisible(text).strip()
    if not bare:
        return ""
    return text[text.index(bare[0]) : text.rindex(bare[-1]) + 1]


def _decoded(name: str) -> str:
    """Return a name that was copied from a mail's source as people read it."""
    if not _ENCODED.search(name):
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name
