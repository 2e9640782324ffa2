"""Phone numbers as people write them, made E.164."""

import phonenumbers

from actions.errors import PermanentFailure


def to_e164(number: str, country: str) -> str:
    """Return "+9613123456" for "03 123 456" and country "LB".

    Numbers with + or 00 keep their own country. Raises PermanentFailure.
    """
    # Digits of other scripts (٠٣) are read; direction marks come with text copied from a page.
    text = "".join(sign for sign in number.strip() if sign.isprintable())
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise PermanentFailure("bad_phone", phone=number, country=country) from None
    if not phonenumbers.is_valid_number(parsed) or parsed.extension:
        raise PermanentFailure("bad_phone", phone=number, country=country)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
