"""The documented answers of the WhatsApp Cloud API to a message that was sent."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers import whatsapp_accounts, whatsapp_templates
from actions.providers.answers import Documented, Meaning, table
from actions.providers.whatsapp_accounts import ERRORS, GRAPH

_BUSY: Final = "whatsapp_busy"
_UNDELIVERABLE: Final = "whatsapp_undeliverable"

_DOWN: Final = _(
    "WhatsApp is out of service or overloaded for the moment, and the message was not taken. Retry"
    " later; metastatus.com/whatsapp-business-api says how it is. It says: %(answer)s"
)
_MAINTAINED: Final = _(
    "Meta is working on the WhatsApp account, which takes a few minutes. Retry then."
    " It says: %(answer)s"
)
_TOO_MANY: Final = _(
    "The account has asked WhatsApp more often than it may in this time. Retry later, and spread"
    " messages to many people over a longer time. It says: %(answer)s"
)
_UNEXPLAINED: Final = _(
    "WhatsApp had an error that it does not explain. Find out whether the message arrived before"
    " you send it again. It says: %(answer)s"
)


def _temporary(code: str, said: str, sentence: Any, status: int = 400) -> Documented:
    return Documented(code, Meaning.TEMPORARY, _BUSY, sentence, ERRORS, said, status)


def _throttled(code: str, said: str) -> Documented:
    return Documented(code, Meaning.TEMPORARY, _BUSY, _TOO_MANY, GRAPH, said, 400)


def _unclear(code: str, said: str, status: int) -> Documented:
    return Documented(code, Meaning.UNCLEAR, _BUSY, _UNEXPLAINED, ERRORS, said, status)


def _recipient(code: str, said: str, sentence: Any, status: int = 400) -> Documented:
    return Documented(code, Meaning.RECIPIENT, _UNDELIVERABLE, sentence, ERRORS, said, status)


_ROWS: Final = (
    # Try again.
    _temporary("2", "Service temporarily unavailable", _DOWN, 503),
    _temporary("131016", "Service unavailable", _DOWN, 500),
    _temporary("133004", "Server temporarily unavailable", _DOWN, 503),
    _temporary("131057", "Account in maintenance mode", _MAINTAINED, 500),
    _temporary("2494100", "Account is in maintenance mode", _MAINTAINED),
    _temporary("4", "Application request limit reached", _TOO_MANY),
    _temporary("80007", "Rate limit issues", _TOO_MANY),
    _throttled("17", "User request limit reached"),
    _throttled("32", "Page request limit reached"),
    _throttled("341", "Application limit reached"),
    _throttled("613", "Calls to this api have exceeded the rate limit"),
    _temporary(
        "130429",
        "Rate limit hit",
        _(
            "More messages came at once than WhatsApp takes from this number. Retry later, and"
            " spread messages to many people over a longer time. It says: %(answer)s"
        ),
    ),
    _temporary(
        "131048",
        "Spam rate limit hit",
        _(
            "WhatsApp limits what this number may send, because many people blocked or reported"
            " its messages. Look at its quality in the WhatsApp Manager and send less."
            " It says: %(answer)s"
        ),
    ),
    _temporary(
        "131056",
        "Business account and consumer account pair rate limit hit",
        _(
            "Too many messages went to this one phone in a short time. Retry in a few minutes;"
            " other phones are not affected. It says: %(answer)s"
        ),
    ),
    _temporary(
        "132069",
        "Flow is throttled",
        _(
            "The form (flow) behind this template has faults, so WhatsApp sends it ten times an"
            " hour at most. Put it right in the WhatsApp Manager. It says: %(answer)s"
        ),
    ),
    _temporary(
        "134101",
        "Your template is still syncing",
        _(
            "The template is new and can be sent in about ten minutes. Retry then."
            " It says: %(answer)s"
        ),
    ),
    # It may have been sent.
    _unclear("1", "An unknown error occurred", 400),
    _unclear("131000", "Something went wrong", 500),
    # Not to this person.
    _recipient(
        "131026",
        "Message undeliverable",
        _(
            "WhatsApp cannot deliver to this phone: it has no WhatsApp, an old version of it, or"
            " its owner has not accepted the new terms. Check the number, or reach the customer"
            " another way. It says: %(answer)s"
        ),
    ),
    _recipient(
        "131047",
        "Re-engagement message",
        _(
            "The customer has not written for more than 24 hours, so WhatsApp takes only approved"
            " templates for them. Check in the WhatsApp Manager that this one is approved, or reach"
            " the customer another way. It says: %(answer)s"
        ),
    ),
    _recipient(
        "131049",
        "This message was not delivered to maintain healthy ecosystem engagement",
        _(
            "WhatsApp held this message back: the customer has received enough marketing for now."
            " Wait at least a day before you send it again, or reach them another way."
            " It says: %(answer)s"
        ),
    ),
    _recipient(
        "131050",
        "User has stopped receiving marketing messages from your business",
        _(
            "The customer does not want marketing messages from your company on WhatsApp. Do not"
            " send it again. It says: %(answer)s"
        ),
    ),
    _recipient(
        "130472",
        "User's number is part of an experiment",
        _(
            "Meta keeps marketing messages from this customer as part of an experiment. Sending"
            " again does not help: reach them another way. It says: %(answer)s"
        ),
    ),
    _recipient(
        "130403",
        "This business has blocked the user",
        _(
            "Your company has blocked this customer on WhatsApp. Unblock them there, or reach them"
            " another way. It says: %(answer)s"
        ),
    ),
    _recipient(
        "130497",
        "Business account is restricted from messaging users in this country",
        _(
            "Meta does not let your company write to people in this country. Reach the customer"
            " another way. It says: %(answer)s"
        ),
        403,
    ),
    _recipient(
        "131021",
        "Recipient cannot be sender",
        _(
            "This is the phone from which your company sends. Correct the number in the record."
            " It says: %(answer)s"
        ),
    ),
)
ANSWERS: Final[Mapping[str, Documented]] = table(
    (*_ROWS, *whatsapp_templates.ROWS, *whatsapp_accounts.ROWS)
)
