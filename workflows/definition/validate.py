"""Everything that is wrong with a document, at once; or the document as a valid one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from workflows.definition.blocks import all_steps, with_quiet_reminders
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.document import check_head
from workflows.definition.checks.parent_scope import look_around
from workflows.definition.checks.shape import check_shape
from workflows.definition.checks.simple import wrong_type
from workflows.definition.checks.steps import MOST_STEPS, check_steps
from workflows.definition.checks.templates import check_templates
from workflows.definition.codes import Code
from workflows.definition.errors import InvalidDocument
from workflows.definition.problems import Problem
from workflows.definition.values.json_values import canonical


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
    if len(list(islice(all_steps(document), MOST_STEPS + 1))) > MOST_STEPS:
        yield from check_head(document, look_around({**document, **_NO_STEPS}, catalogue))
        yield Problem("/steps", Code.TOO_MANY, {"most": MOST_STEPS})
        return
    around = look_around(document, catalogue)
    yield from check_head(document, around)
    if "steps" in document:
        yield from check_steps(document["steps"], "/steps", around)
    if document.get("on_failure") is not None:
        yield from check_steps(document["on_failure"], "/on_failure", around.behind_error())
    yield from check_templates(document.get("output"), "/output", around.at_step("/output"))


_NO_STEPS: dict[str, Any] = {"steps": [], "on_failure": []}
