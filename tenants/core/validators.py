"""Refusing names, addresses and time zones at the door: for fields of models and forms."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.core.text.addresses import is_address
from tenants.core.text.names import MAX_CHARACTERS, NameFault, name_fault, one_line
from tenants.core.values.zones import zone_named

__all__ = [
    "NAME_SENTENCES",
    "is_address",
    "validate_address",
    "validate_address_or_domain",
    "validate_line",
    "validate_name",
    "validate_zone",
]

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


def validate_address(text: str) -> None:
    """Refuse what is no mail address, or one that no message can carry."""
    if not is_address(text):
        raise ValidationError(_("Enter a valid email address."), code="invalid")


def validate_address_or_domain(text: str) -> None:
    """Refuse what is neither a mail address nor, with an @ before it, a domain of addresses."""
    if not is_address(f"a{text}" if text.startswith("@") else text):
        said = _("“%(text)s” is neither a mail address nor a domain like @partner.example.")
        raise ValidationError(said, code="invalid", params={"text": one_line(text, 100)})


def validate_zone(name: str) -> None:
    if zone_named(name) is None:
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like Asia/Beirut or Asia/Riyadh."),
            params={"name": one_line(name, 64)},
        )
