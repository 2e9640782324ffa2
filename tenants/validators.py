"""Refusing names and addresses at the door: for fields of models and forms, and for services."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from tenants.names import MAX_CHARACTERS, NameFault, name_fault

MAX_ADDRESS_CHARACTERS: Final = 254  # RFC 5321: a path of 256, less its brackets

NAME_SENTENCES: Final[dict[NameFault, Any]] = {
    NameFault.CHARACTERS: _(
        "This has a line break or an invisible control character. Type it anew, in one line."
    ),
    NameFault.TOO_LONG: _("This is too long: at most %(limit)s characters."),
}


def validate_line(text: str) -> None:
    """Refuse what no header of a mail and no line of a log can carry. Its length is the field's."""
    if name_fault(text, len(text)):
        raise ValidationError(NAME_SENTENCES[NameFault.CHARACTERS], code=NameFault.CHARACTERS)


def validate_name(name: str) -> None:
    """Refuse what is no name: as `validate_line` does, and more than any column of names takes."""
    if fault := name_fault(name):
        params = {"limit": MAX_CHARACTERS}
        raise ValidationError(NAME_SENTENCES[fault], code=fault, params=params)


def is_address(text: object) -> bool:
    """Say whether it is one mail address that a message can carry in its headers.

    Django takes quoted control characters for an address, which the mail library does not; and
    neither library minds a local part of other letters, which needs servers that few people have.
    """
    if not isinstance(text, str) or len(text) > MAX_ADDRESS_CHARACTERS or name_fault(text, 1000):
        return False
    try:
        validate_email(text)
        Address(addr_spec=_in_ascii(text))
    except (ValidationError, HeaderParseError, ValueError, IndexError):
        return False
    return True


def _in_ascii(address: str) -> str:
    """Return the address with its domain as mails name it. Raises ValueError."""
    local, _at, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("a local part that is not ASCII")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
