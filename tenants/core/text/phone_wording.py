"""Why a text is not one phone number, and what would be right, in the reader's language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.text.listing import apart

_WHY: Final[Mapping[str, Any]] = {
    "too_short": _("It has too few digits for its country (%(country)s)."),
    "too_long": _("It has too many digits for its country (%(country)s)."),
    "wrong_length": _("No number of its country (%(country)s) has so many digits."),
    "no_area_code": _("The area code is missing."),
    "country_code": _("No country has the code that it begins with."),
    "no_country": _("Its country is not known. Write it with + and the code of the country."),
    "letters": _("There are letters in it."),
    "no_digits": _("There are no digits in it."),
    "extension": _("It has an extension, to which nothing can be sent. Leave that out."),
    "several": _("These are several numbers. Write one of them."),
}
_EXAMPLE: Final = _("A number is written like %(example)s.")


def why_no_phone(facts: Mapping[str, Any]) -> str:
    """Return the sentences for the facts of a `phones.NotAPhone`; "" without a reason."""
    why = _WHY.get(str(facts.get("reason")))
    if why is None:
        return ""
    said = str(why) % {"country": facts.get("country") or "-"}
    example = facts.get("example")
    return f"{said} {str(_EXAMPLE) % {'example': apart(example)}}" if example else said
