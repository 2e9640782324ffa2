"""The documented answers of the WhatsApp Cloud API to a message that was sent."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers import whatsapp_accounts
from actions.providers.answers import Documented, Meaning, table
from actions.providers.whatsapp_accounts import ERRORS, GRAPH, TEST_NUMBER

_BUSY: Final = "whatsapp_busy"
_UNDELIVERABLE: Final = "whatsapp_undeliverable"
_TEMPLATE: Final = "whatsapp_template_unknown"
_VALUES: Final = "whatsapp_values_refused"
_REFUSED: Final = "whatsapp_refused"

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
_MARKETING_ONLY: Final = _(
    "This address of Meta takes marketing messages only. Correct the address in the connection, or"
    " choose a marketing template. It says: %(answer)s"
)
_DISAPPROVED: Final = _(
    "WhatsApp has turned this template off because people did not like to receive it. Choose"
    " another, or register a new one with a different text. It says: %(answer)s"
)


def _temporary(code: str, said: str, sentence: Any, status: int = 400) -> Documented:
    return Documented(code, Meaning.TEMPORARY, _BUSY, sentence, ERRORS, said, status)


def _throttled(code: str, said: str) -> Documented:
    return Documented(code, Meaning.TEMPORARY, _BUSY, _TOO_MANY, GRAPH, said, 400)


def _unclear(code: str, said: str, status: int) -> Documented:
    return Documented(code, Meaning.UNCLEAR, _BUSY, _UNEXPLAINED, ERRORS, said, status)


def _recipient(code: str, said: str, sentence: Any, status: int = 400) -> Documented:
    return Documented(code, Meaning.RECIPIENT, _UNDELIVERABLE, sentence, ERRORS, said, status)


def _rejected(
    code: str, said: str, sentence: Any, failure: str = _REFUSED, status: int = 400
) -> Documented:
    return Documented(code, Meaning.REFUSED, failure, sentence, ERRORS, said, status)


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
    # Not this template.
    _rejected(
        "132001",
        "Template name does not exist in the translation",
        _(
            "WhatsApp has no approved template of this name in this language. Compare name and"
            " language with the WhatsApp Manager, and correct the message template."
            " It says: %(answer)s"
        ),
        _TEMPLATE,
        404,
    ),
    _rejected(
        "132007",
        "Template format character policy violated",
        _(
            "The text of this template breaks a rule of WhatsApp. Change it in the WhatsApp Manager"
            " and have it approved again. It says: %(answer)s"
        ),
        _TEMPLATE,
    ),
    _rejected(
        "132015",
        "Template is paused",
        _(
            "WhatsApp has paused this template because people did not like to receive it. Improve"
            " it in the WhatsApp Manager and retry once it is approved. It says: %(answer)s"
        ),
        _TEMPLATE,
    ),
    _rejected("132016", "Template is disabled", _DISAPPROVED, _TEMPLATE),
    _rejected(
        "132068",
        "Flow is blocked",
        _(
            "The form (flow) behind this template is blocked. Put it right in the WhatsApp Manager,"
            " then retry. It says: %(answer)s"
        ),
        _TEMPLATE,
    ),
    # Not with these values.
    _rejected(
        "132000",
        "Number of parameters does not match the expected number of params",
        _(
            "The registered template takes another number of values. Enter its text, header and"
            " buttons in the message template exactly as they are registered. It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "132005",
        "Translated text too long",
        _(
            "With these values the message is longer than WhatsApp allows. Shorten them in the"
            " step. It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "132012",
        "Parameter format does not match format in the created template",
        _(
            "A value has another form than the registered template wants, for example a text"
            " instead of a picture. Enter the kind of header and the buttons in the message"
            " template as they are registered. It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "132018",
        "Template validation error",
        _(
            "WhatsApp does not accept a value of this template. What it says names the value:"
            " correct it in the step. It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "131008",
        "Required parameter is missing",
        _(
            "The registered template needs a value that was not sent, usually of its header or of"
            " a button. Enter these in the message template as they are registered."
            " It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "131009",
        "Parameter value is not valid",
        _(
            "WhatsApp cannot use one of the values. What it says names the value: correct it in the"
            " step or in the record. It says: %(answer)s"
        ),
        _VALUES,
    ),
    _rejected(
        "131053",
        "Media upload error",
        _(
            "WhatsApp could not fetch or use the file of the header. Its address has to open in a"
            " browser without a log-in; pictures are JPEG or PNG up to 5 MB, videos MP4 up to"
            " 16 MB, documents up to 100 MB. It says: %(answer)s"
        ),
        _VALUES,
    ),
    # Not at all.
    _rejected(
        "100",
        "Invalid parameter",
        _(
            "WhatsApp does not know a part of the message, or misses one. Often the registered"
            " template names its values ({{name}}) and the message template here does not:"
            " compare them. It says: %(answer)s"
        ),
    ),
    _rejected(
        "131051",
        "Unsupported message type",
        _(
            "This number cannot send messages of this kind. Check the address and the version in"
            " the connection. It says: %(answer)s"
        ),
    ),
    _rejected(
        "131052",
        "Media download error",
        _(
            "WhatsApp could not fetch a file that the customer has sent. Ask for it in another way."
            " It says: %(answer)s"
        ),
    ),
    _rejected("131055", "Method not allowed", _MARKETING_ONLY),
    _rejected("134100", "Only marketing messages supported", _MARKETING_ONLY),
    _rejected(
        "135000",
        "Generic user error",
        _(
            "WhatsApp refused the message without saying why. Compare the message template with the"
            " registered one; if they are alike, ask Meta's support. It says: %(answer)s"
        ),
    ),
)
ANSWERS: Final[Mapping[str, Documented]] = table((*_ROWS, *whatsapp_accounts.ROWS))

__all__ = ["ANSWERS", "TEST_NUMBER"]
