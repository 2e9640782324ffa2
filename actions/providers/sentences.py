"""The sentence for a failure that a provider gave a code of its own for."""

from collections.abc import Mapping
from typing import Any, Final

from actions.providers import slack, smtp, smtp_advice, teams, whatsapp
from actions.providers.answers import Documented

# By how the failures' codes begin.
TABLES: Final[Mapping[str, Mapping[str, Documented]]] = {
    "whatsapp": whatsapp.ANSWERS,
    "slack": slack.ANSWERS,
    "teams": teams.ANSWERS,
    "http": teams.ANSWERS,  # a flow fails a step with its status, as any other server does
    "mail": smtp.ANSWERS,
}


def of_provider(failure: str, provider_code: object) -> Any | None:
    """Return the sentence of the provider's own code, or None where the table has none.

    `failure` is the code of the step's failure, for example `whatsapp_undeliverable`.
    """
    answers = TABLES.get(failure.partition("_")[0], {})
    row = answers.get(str(provider_code))
    if row is None or (row.failure != failure and failure not in smtp_advice.OF_STAGES):
        return None
    return row.sentence
