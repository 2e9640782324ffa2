"""The documented answers of the WhatsApp Cloud API about the account that sends."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Documented, Meaning

_WHATSAPP: Final = "https://developers.facebook.com/documentation/business-messaging/whatsapp"
ERRORS: Final = f"{_WHATSAPP}/support/error-codes"
TEST_NUMBER: Final = f"{_WHATSAPP}/get-started"
GRAPH: Final = "https://developers.facebook.com/docs/graph-api/guides/error-handling"

_TOKEN: Final = _(
    "WhatsApp does not accept the access token: it has expired, or it was withdrawn. Make a new one"
    " in Meta's business settings and enter it in the connection. It says: %(answer)s"
)
_RIGHTS: Final = _(
    "The access token may not send from this number. Give it the rights whatsapp_business_messaging"
    " and whatsapp_business_management in Meta's business settings. It says: %(answer)s"
)
_LOCKED: Final = _(
    "Meta has restricted or locked the WhatsApp account, so nothing can be sent. The WhatsApp"
    " Manager says why and what to do; then retry. It says: %(answer)s"
)
_UNREGISTERED: Final = _(
    "The number from which your company sends is not registered with WhatsApp. Register it in the"
    " WhatsApp Manager, then retry. It says: %(answer)s"
)
_PIN: Final = _(
    "WhatsApp does not accept the PIN with which the sending number is registered. Set it anew in"
    " the WhatsApp Manager, then retry. It says: %(answer)s"
)
# Of calls that no step makes: something else answers at the address, or it is not Meta's.
_NOT_SENDING: Final = _(
    "This answer belongs to the management of templates and numbers, not to sending. Check the"
    " address and the phone number id in the connection. It says: %(answer)s"
)


def _account(
    code: str, said: str, sentence: Any, status: int = 400, source: str = ERRORS
) -> Documented:
    failure = "whatsapp_access_refused"
    return Documented(code, Meaning.ACCOUNT, failure, sentence, source, said, status)


def _elsewhere(code: str, said: str) -> Documented:
    return Documented(code, Meaning.REFUSED, "whatsapp_refused", _NOT_SENDING, ERRORS, said, 400)


ROWS: Final = (
    _account("0", "AuthException", _TOKEN, 401),
    _account("102", "API Session", _TOKEN, 401, GRAPH),
    _account("104", "Incorrect signature", _TOKEN, 401),
    _account("190", "Access token has expired", _TOKEN, 401),
    _account("200", "Provide valid app ID", _TOKEN, 403),
    _account("3", "Capability or permissions issue", _RIGHTS, 500),
    _account("10", "Permission denied", _RIGHTS, 403),
    *(_account(str(code), "API permission", _RIGHTS, 403) for code in range(201, 300)),
    _account("131005", "Access denied", _RIGHTS, 403),
    _account("368", "Temporarily blocked for policies violations", _LOCKED, 403),
    _account("131031", "Account has been locked", _LOCKED, 403),
    _account(
        "33",
        "Parameter value is not valid",
        _(
            "WhatsApp has no such sending number: it was deleted, or the phone number id is wrong."
            " Correct it in the connection. It says: %(answer)s"
        ),
    ),
    _account(
        "131030",
        "Recipient phone number not in allowed list",
        _(
            "Meta's test number may write only to phones on its list. Add the phone in Meta's app"
            " dashboard, or connect a number of your own. It says: %(answer)s"
        ),
        source=TEST_NUMBER,
    ),
    _account(
        "131037",
        "Display name approval needed",
        _(
            "The sending number has no approved display name. Have one approved in the WhatsApp"
            " Manager, then retry. It says: %(answer)s"
        ),
    ),
    _account(
        "131042",
        "Business eligibility payment issue",
        _(
            "Meta cannot charge your company for messages: a payment method is missing or does not"
            " work. Put it right in Meta's billing settings, then retry. It says: %(answer)s"
        ),
    ),
    _account("131045", "Incorrect certificate", _UNREGISTERED, 500),
    _account("133000", "Incomplete deregistration", _UNREGISTERED, 500),
    _account("133006", "Phone number re-verification needed", _UNREGISTERED),
    _account("133010", "Phone number not registered", _UNREGISTERED),
    _account("133015", "Please wait a few minutes before registering", _UNREGISTERED),
    Documented(
        "133016",
        Meaning.TEMPORARY,
        "whatsapp_busy",
        _(
            "The sending number was registered too often in a short time, and is blocked for a"
            " while. Retry later. It says: %(answer)s"
        ),
        ERRORS,
        "Account register deregister rate limit exceeded",
        400,
    ),
    _account("133005", "Two step verification PIN mismatch", _PIN),
    _account("133008", "Too many two step verification PIN guesses", _PIN),
    _account("133009", "Two step verification PIN guessed too fast", _PIN),
    _account(
        "131063",
        "Marketing templates are disabled on Cloud API",
        _(
            "Your company has switched off marketing templates for this connection's API. Allow"
            " them again in the WhatsApp Manager, or choose another template. It says: %(answer)s"
        ),
    ),
    _account(
        "131064",
        "Messaging limit reached due to template classification",
        _(
            "Meta has stopped your company's messages for a time, because templates stand in the"
            " wrong category. Correct the categories in the WhatsApp Manager and retry when the"
            " time is over. It says: %(answer)s"
        ),
    ),
    _account(
        "134011",
        "Payments terms of service acceptance is pending",
        _(
            "Meta waits until your company accepts the terms of WhatsApp Payments. Open the link in"
            " what it says, then retry. It says: %(answer)s"
        ),
    ),
    _account(
        "134102",
        "Template unavailable for use",
        _(
            "Your company or this template is not admitted to marketing messages through this API."
            " Ask Meta's support, or send it through the usual one. It says: %(answer)s"
        ),
        500,
    ),
    _elsewhere("2388039", "Message template status can't be changed"),
    _elsewhere("2388040", "Character limit exceeded"),
    _elsewhere("2388047", "Message header format is incorrect"),
    _elsewhere("2388072", "Message body format is incorrect"),
    _elsewhere("2388073", "Message footer format is incorrect"),
    _elsewhere("2388293", "Parameters words ratio exceeds limit"),
    _elsewhere("2388299", "Leading or trailing parameters not allowed"),
    _elsewhere("2388019", "Message template limit exceeded"),
    _elsewhere("2388012", "This phone number already exists in your list"),
    _elsewhere("2388091", "Not eligible to receive a registration code"),
    _elsewhere("2388093", "Not eligible to verify a registration code"),
    _elsewhere("2388103", "Cannot migrate phone number"),
    _elsewhere("200005", "Template insights unavailable"),
    _elsewhere("200006", "Cannot disable template insights"),
    _elsewhere("200007", "Template insights not enabled"),
    _elsewhere("2593107", "Synchronization limit exceeded"),
    _elsewhere("2593108", "Synchronization outside the allowed time"),
    _elsewhere("1752041", "Duplicate request"),
)
