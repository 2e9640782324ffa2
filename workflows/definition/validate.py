"""Everything that is wrong with a document, at once."""

from __future__ import annotations

from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.document import check_head
from workflows.definition.checks.shape import check_shape
from workflows.definition.checks.simple import wrong_type
from workflows.definition.checks.steps import check_steps
from workflows.definition.checks.surroundings import look_around
from workflows.definition.problems import Problem
from workflows.definition.values import canonical


def validate(document: object, catalogue: Catalogue) -> list[Problem]:
    """Return every problem of the document, in its order; none means it can be published.

    Never raises, whatever it is given. A document that is no JSON, too large or too deep gets
    that one problem only.
    """
    problems = check_shape(document)
    if problems:
        return problems
    if not isinstance(document, dict):
        return [wrong_type(document, "", "object")]
    around = look_around(document, catalogue)
    problems = list(check_head(document, around))
    if "steps" in document:
        problems += check_steps(document["steps"], "/steps", around)
    # A schema can say the same thing twice.
    unique = {(p.path, p.code, canonical(p.params)): p for p in problems}
    return list(unique.values())
