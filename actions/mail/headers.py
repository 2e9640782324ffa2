"""Texts as the headers of a mail can hold them."""

from email.errors import MessageDefect, MessageError
from email.headerregistry import Address
from typing import Final

from actions.errors import PermanentFailure
from tenants.core.text.addresses import is_address, without_marks
from tenants.core.text.names import one_line

MAX_SUBJECT: Final = 200
MAX_HEADER: Final = 10_000  # what a step may write itself


def header_text(text: str, most: int = MAX_SUBJECT) -> str:
    """Return a text as a header can hold it: one line, no control characters, not too long."""
    return one_line(text, most)


def header_address(text: str) -> str:
    """Return a mail address as a header can hold it.

    Raises PermanentFailure for one that no mail can be sent to, whoever let it pass.
    """
    address = without_marks(text)
    if is_address(address):
        return address
    try:
        if one_line(address, MAX_HEADER) != address:
            raise ValueError("no characters of an address")
        return str(Address(addr_spec=address))
    except (ValueError, LookupError, MessageError, MessageDefect):
        raise PermanentFailure("mail_address_invalid", address=header_text(text)) from None
