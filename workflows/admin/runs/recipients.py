"""Who has a mail that not everybody got, and why the others have not."""

from dataclasses import dataclass

from actions.providers import smtp
from workflows.presentation.runs.lines import StepLine, StepState


@dataclass(frozen=True, slots=True)
class ShownRecipient:
    """One address, and why it has not got the mail; "" if it has."""

    address: str
    why: str = ""


def shown_recipients(line: StepLine) -> tuple[ShownRecipient, ...]:
    """Return the recipients of a mail that was done in part, those without it first."""
    if line.state is not StepState.PARTLY or not line.recipients:
        return ()
    refused = line.recipients.refused.items()
    return (
        *(ShownRecipient(address, str(smtp.advice_on(said))) for address, said in refused),
        *(ShownRecipient(address) for address in line.recipients.accepted),
    )
