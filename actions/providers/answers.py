"""What one documented answer of a provider means for the step that got it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from actions.errors import PermanentFailure, TemporaryFailure
from tenants.core.json import Json


class Meaning(StrEnum):
    """What an answer that is no success means."""

    TEMPORARY = "temporary"  # not acted on: the same message may be taken later
    UNCLEAR = "unclear"  # it may have been acted on before the error arose
    REFUSED = "refused"  # this message would be refused again
    RECIPIENT = "recipient"  # this person cannot be reached in this way
    ACCOUNT = "account"  # our account, its credentials or its rights: no message would be taken


@dataclass(frozen=True, slots=True)
class Documented:
    """An answer as the provider documents it."""

    code: str  # as text, whatever the provider writes it as
    meaning: Meaning
    failure: str  # the code that the step fails with: what `on_error` of a workflow can name
    sentence: Any  # what happened and what to do, a lazy translation; `%(answer)s` is what was said
    source: str  # the address of the page that documents it
    said: str = ""  # what the provider says beside the code
    status: int = 0  # of HTTP, or of SMTP, beside the code; 0: the channel's usual one


def table(rows: Iterable[Documented]) -> Mapping[str, Documented]:
    """Return the rows by their codes. Raises ValueError for a code that stands there twice."""
    found: dict[str, Documented] = {}
    for row in rows:
        if row.code in found:
            raise ValueError(f"{row.code} stands in the table twice")
        found[row.code] = row
    return found


def refuse(row: Documented, *, retry_after: Any = None, **facts: Json) -> NoReturn:
    """Raise the failure that the answer means, with its code.

    `retry_after` is the least wait that the answer asked for, a timedelta or None. A provider whose
    codes are numbers gives `provider_code` as one.
    """
    facts = {"provider_code": row.code, **facts}
    if row.meaning in {Meaning.TEMPORARY, Meaning.UNCLEAR}:
        may_have_arrived = row.meaning is Meaning.UNCLEAR
        raise TemporaryFailure(
            row.failure, retry_after=retry_after, may_have_arrived=may_have_arrived, **facts
        )
    raise PermanentFailure(row.failure, **facts)
