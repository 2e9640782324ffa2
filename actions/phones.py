"""Phone numbers as people write them, made E.164."""

from actions.errors import PermanentFailure
from tenants.core.text.phones import NotAPhone, e164


def to_e164(number: str, country: str) -> str:
    """Return "+9613123456" for "03 123 456" and country "LB".

    Numbers with + or 00 keep their own country. Raises PermanentFailure.
    """
    try:
        return e164(number, country)
    except NotAPhone as fault:
        raise PermanentFailure(
            "bad_phone",
            phone=number,
            country=fault.country or country,
            reason=fault.reason,
            example=fault.example,
        ) from None
