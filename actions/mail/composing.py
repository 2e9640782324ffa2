"""A mail as bytes, made once."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageDefect, MessageError
from email.message import Message
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives

from actions.errors import PermanentFailure
from actions.mail.headers import MAX_HEADER, header_text
from actions.mail.mailboxes import mailbox_of
from tenants.core.text.addresses import needs_smtputf8

# What making a mail of bad parts raises.
_UNFIT: Final = (ValueError, TypeError, LookupError, AttributeError, MessageError, MessageDefect)


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail that is ready for the server."""

    in_ascii: bytes  # its headers, that is: an address beyond ASCII is only hinted at in them
    _mime: Message
    _written: dict[str, str]  # headers with addresses beyond ASCII, as they are written

    @property
    def needs_smtputf8(self) -> bool:
        """Whether its headers hold an address that only SMTPUTF8 can carry."""
        return bool(self._written)

    def in_utf8(self) -> bytes:
        """Return the mail as a server that knows SMTPUTF8 takes it (RFC 6532)."""
        mime: Any = self._mime
        for name, value in self._written.items():
            del mime[name]
            # The library keeps bytes beyond ASCII in a header as they are if they came that way.
            mime.set_raw(name, value.encode().decode("ascii", "surrogateescape"))
        return bytes(mime.as_bytes(linesep="\r\n"))


def compose(message: EmailMultiAlternatives) -> Composed:
    """Return the mail. Raises PermanentFailure for one that cannot be written at all.

    What is wrong with one mail is a failure of that mail: no other has to hear of it.
    """
    message.subject = header_text(str(message.subject), MAX_HEADER)
    try:
        mime: Any = message.message()
        return Composed(bytes(mime.as_bytes(linesep="\r\n")), mime, dict(_written(message)))
    except _UNFIT as bad:
        reason = header_text(f"{type(bad).__name__}: {bad}")
        raise PermanentFailure("mail_not_composable", reason=reason) from None


def _written(message: EmailMultiAlternatives) -> Iterator[tuple[str, str]]:
    fields = {"From": [message.from_email], "To": message.to, "Cc": message.cc}
    for name, texts in {**fields, "Reply-To": message.reply_to}.items():
        whole = ", ".join(map(str, texts))
        if whole.isascii():
            continue
        mailboxes = [mailbox_of(str(one), name) for one in texts]
        if any(needs_smtputf8(one.address) for one in mailboxes):
            yield name, whole
