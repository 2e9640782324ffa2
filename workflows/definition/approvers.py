"""Who can be asked by an approval: what an entry of its `approvers` may look like."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from tenants.core.text.addresses import is_address
from tenants.core.text.characters import comparable
from tenants.core.text.names import name_fault
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.plans import Fill
from workflows.definition.scope import NameScope

ROLE: Final = "role:"
KEY: Final = "key:"
# As Django has them: some people are called like an address that is none.
_USERNAME: Final = re.compile(r"[\w.@+-]+")


def can_be_asked(entry: str) -> bool:
    """Whether no mail fails over an entry: it is called like a member, or is an address.

    Signs that nobody sees come along when a name is copied, and are no part of it.
    """
    entry = comparable(entry).strip()
    is_called = _USERNAME.fullmatch(entry) is not None or (
        "@" not in entry and not name_fault(entry)
    )
    return is_called or is_address(entry) or _USERNAME.fullmatch(entry) is not None


def can_be_meant(entry: str, roles: Collection[str], people: Collection[str]) -> bool:
    """Whether an entry can mean anybody. `roles`: those that there are; none: not known here.

    `people` are members who are called like an address that is none.
    """
    entry = comparable(entry).strip()
    kind = next((kind for kind in (ROLE, KEY) if entry.startswith(kind)), "")
    name = entry.removeprefix(kind).strip()
    if not name or (kind == ROLE and roles and name not in roles):
        return False
    if "@" in entry:
        return entry in people or is_address(entry)
    return can_be_asked(entry)


def named_by_author(fill: Fill, values: Mapping[str, Any], language: int) -> frozenset[str]:
    """Return the approvers that a definition names whatever a run brings: by hand, or as values.

    `fill` gives the `approvers` of a step, one by one or all of them.
    """
    try:
        found = fill(NameScope(values=values, language=language))
    except ExpressionError:
        return frozenset()
    entries: list[Any] = [found]
    if isinstance(found, list):
        entries = found
    return frozenset(entry for entry in entries if isinstance(entry, str))
