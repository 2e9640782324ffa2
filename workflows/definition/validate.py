"""Everything that is wrong with a document, at once; or the document as a valid one."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from workflows.definition.blocks import all_steps, with_quiet_reminders
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.document import check_head
from workflows.definition.checks.parent_scope import look_around
from workflows.definition.checks.simple import wrong_type
from workflows.definition.checks.steps import MAX_STEPS, check_steps
from workflows.definition.checks.templates import check_templates
from workflows.definition.codes import Code
from workflows.definition.errors import InvalidDocument, Problem
from workflows.definition.values.json_values import canonical

MAX_BYTES: Final = 512 * 1024
MAX_LEVELS: Final = 40


def check_shape(document: object) -> list[Problem]:
    """Return the first thing that keeps the document from being looked at, or nothing."""
    return list(_too_deep(document) or _not_json(document))


def _too_deep(document: object) -> list[Problem]:
    level: list[Any] = [document]
    for _ in range(MAX_LEVELS):
        level = [member for value in level for member in _members(value)]
        if not level:
            return []
        # Each level of a document in bounds is smaller than the document.
        if len(level) > MAX_BYTES:
            return [Problem("", Code.TOO_LARGE, {"most_bytes": MAX_BYTES})]
    return [Problem("", Code.TOO_DEEP, {"most": MAX_LEVELS})]


def _members(value: object) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _not_json(document: object) -> Iterator[Problem]:
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        yield Problem("", Code.NOT_JSON, {"reason": str(error)[:200]})
        return
    if size > MAX_BYTES:
        yield Problem("", Code.TOO_LARGE, {"most_bytes": MAX_BYTES, "bytes": size})
    elif _has_nul(document):
        yield Problem("", Code.NOT_JSON, {"reason": "a NUL character (\\u0000)"})
    elif not _only_text_keys(document):
        yield Problem("", Code.NOT_JSON, {"reason": "a key that is not text"})


def _has_nul(value: object) -> bool:
    """Whether a text holds what PostgreSQL cannot store."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(_has_nul(element) for element in value)


def _only_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        keys = all(isinstance(key, str) for key in value)
        return keys and all(_only_text_keys(member) for member in value.values())
    if isinstance(value, tuple):
        return False
    return not isinstance(value, list) or all(_only_text_keys(element) for element in value)


class ValidDocument:
    """A document without problems, beside the catalogue that says so: making one validates.

    What asks for one, as the compiler does, cannot be given a document that nobody looked at.
    """

    __slots__ = ("catalogue", "complete", "written")

    def __init__(self, document: object, catalogue: Catalogue) -> None:
        """Validate. Raises InvalidDocument with every problem."""
        if problems := validate(document, catalogue):
            raise InvalidDocument(problems)
        assert isinstance(document, dict)  # noqa: S101  # anything else is a problem
        self.catalogue = catalogue
        self.written: dict[str, Any] = document  # as it is stored
        self.complete = with_quiet_reminders(document)  # and what its reminders leave unsaid


def validate(document: object, catalogue: Catalogue) -> list[Problem]:
    """Return every problem of the document, in its order; none means it can be published.

    Never raises, whatever it is given. A document that is no JSON, too large or too deep gets
    that one problem only; one with too many steps only those of its head beside it.
    """
    problems = check_shape(document)
    if problems:
        return problems
    if not isinstance(document, dict):
        return [wrong_type(document, "", "object")]
    found = _check(with_quiet_reminders(document), catalogue)
    # A schema can say the same thing twice.
    unique = {(p.path, p.code, canonical(p.params)): p for p in found}
    return list(unique.values())


def _check(document: dict[str, Any], catalogue: Catalogue) -> Iterator[Problem]:
    if len(list(islice(all_steps(document), MAX_STEPS + 1))) > MAX_STEPS:
        yield from check_head(document, look_around({**document, **_NO_STEPS}, catalogue))
        yield Problem("/steps", Code.TOO_MANY, {"most": MAX_STEPS})
        return
    around = look_around(document, catalogue)
    yield from check_head(document, around)
    if "steps" in document:
        yield from check_steps(document["steps"], "/steps", around)
    if document.get("on_failure") is not None:
        yield from check_steps(document["on_failure"], "/on_failure", around.behind_error())
    yield from check_templates(document.get("output"), "/output", around.at_step("/output"))


_NO_STEPS: dict[str, Any] = {"steps": [], "on_failure": []}
