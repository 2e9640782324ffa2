"""The documented answers of the WhatsApp Cloud API about a template and its values."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Documented, Meaning
from actions.providers.whatsapp_accounts import ERRORS

_TEMPLATE: Final = "whatsapp_template_unknown"
_VALUES: Final = "whatsapp_values_refused"
_REFUSED: Final = "whatsapp_refused"

_MARKETING_ONLY: Final = _(
    "This address of Meta takes marketing messages only. Correct the address in the connection, or"
    " choose a marketing template. It says: %(answer)s"
)
_DISAPPROVED: Final = _(
    "WhatsApp has turned this template off because people did not like to receive it. Choose"
    " another, or register a new one with a different text. It says: %(answer)s"
)


def _rejected(
    code: str, said: str, sentence: Any, failure: str = _REFUSED, status: int = 400
) -> Documented:
    return Documented(code, Meaning.REFUSED, failure, sentence, ERRORS, said, status)


ROWS: Final = (
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
