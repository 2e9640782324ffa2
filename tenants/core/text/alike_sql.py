"""`characters.comparable` in PostgreSQL, paid for only where a text has other signs than ASCII.

Columns hold what was written into them. A condition that compares by this form reads the rows; one
that an index answers compares spellings, unless the index of `with_other_signs` stands beside it
(`actions.tables.texts`).
"""

from typing import Any

from django.db import models
from django.db.models.expressions import Func

from tenants.core.text.characters import INVISIBLES


class HasOtherSigns(Func):
    """Whether a text has characters beyond ASCII: they take more than one byte.

    An index is made of it: a change here needs a migration.
    """

    # As an equation: of one PostgreSQL expects one row in 200, of `<>` nearly all, and would then
    # not look into the index.
    template = "least(octet_length(%(expressions)s) - char_length(%(expressions)s), 1) = 1"
    arity = 1

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*expressions, **{"output_field": models.BooleanField(), **extra})


class Comparable(Func):
    """A text without invisible signs, with each letter and its accent as one character."""

    template = (
        "CASE WHEN octet_length(%(expressions)s) = char_length(%(expressions)s)"
        " THEN %(expressions)s"
        f" ELSE normalize(regexp_replace(%(expressions)s, '[{INVISIBLES}]', '', 'g'), NFC) END"
    )
    arity = 1

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*expressions, **{"output_field": models.TextField(), **extra})


def with_other_signs(name: str) -> models.Q:
    """Return the condition of an index of the few rows whose column is not plain ASCII.

    Where it stands, a key is found by its own index or in these rows, however it is written.
    """
    return models.Q(HasOtherSigns(models.F(name)))
