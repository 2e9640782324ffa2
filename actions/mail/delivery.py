"""Delivering one mail within a total time, and knowing what became of each recipient."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, NoReturn

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives, get_connection

from actions.clock import Deadline
from actions.connections import OpenConnection
from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail.composing import compose
from actions.mail.conversation import ClockedBackend, Conversation, Envelope
from actions.mail.mailboxes import mailbox_of
from actions.mail.replies import RecipientReply, Replies, code_of, failure_of
from actions.outbound.addresses import Target, is_allowed, is_public
from actions.outbound.places import place_at
from actions.scrub import Scrubber
from actions.tables.database import release_database
from tenants.core.text.addresses import compared
from tenants.core.text.names import one_line

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
SUBMISSION_PORT: Final = 587
MAX_WORDS: Final = 300
# What no name server answered says nothing of the name (getaddrinfo(3)).
_NO_ANSWER_OF_DNS: Final = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM})
_REASONS: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    ((socket.gaierror, UnicodeError), "name"),
    ((ConnectionRefusedError,), "refused"),
    ((ssl.SSLCertVerificationError,), "certificate"),
    ((ssl.SSLError,), "encryption"),  # for example: it expects TLS from the first byte, or none
)
_TAKEN: Final = RecipientReply(250, "")


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server of a connection, or the installation's own; and how long a mail may take."""

    connection: OpenConnection | None
    timeout_seconds: float


def deliver(
    message: EmailMultiAlternatives, connection: OpenConnection | None, timeout_seconds: float
) -> Replies:
    """Send; return what became of each recipient, of whom one at least was accepted.

    Without a connection Django's own mail settings are used. Raises PermanentFailure (5xx) and
    TemporaryFailure (4xx, and every trouble on the way).
    """
    everybody = {compared(one): one for one in map(_address_in, message.recipients())}
    recipients = list(everybody.values())
    replies = hand_over(message, recipients, Server(connection, timeout_seconds))
    if not any(one.is_accepted for one in replies.values()):
        raise failure_of(replies)
    return replies


def hand_over(
    message: EmailMultiAlternatives, recipients: Sequence[str], server: Server
) -> Replies:
    """Send to these of the message's recipients; return what became of each.

    Raises as `deliver` does, but not for what is said of recipients or of the mail.
    """
    mail = compose(message)
    connection = server.connection
    scrub = Scrubber(connection.secret_values if connection else ())
    address = _checked_address(connection) if connection else None
    release_database()
    envelope = Envelope(_address_in(message.from_email), recipients)
    if connection is None and django_settings.EMAIL_BACKEND != SMTP_BACKEND:
        return _by_backend(message, envelope, scrub)
    backend = _backend(connection, address, server.timeout_seconds)
    with place_at(backend.host), _telling(backend, scrub):
        return _send(Conversation(backend, mail, envelope, scrub))


def _by_backend(message: EmailMultiAlternatives, envelope: Envelope, scrub: Scrubber) -> Replies:
    """Send with a mail backend of the installation's own, which takes a mail whole or not."""
    left = {compared(one) for one in envelope.recipients}
    for field in ("to", "cc", "bcc"):
        texts = getattr(message, field)
        setattr(message, field, [one for one in texts if compared(_address_in(one)) in left])
    try:
        get_connection().send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        refused = {
            compared(str(address)): _reply(code, words, scrub)
            for address, (code, words) in error.recipients.items()
        }
        # One that says nothing of some has hung up before it came to them.
        last = list(refused.values())[-1]
        return {one: refused.get(compared(one), last) for one in envelope.recipients}
    except OSError as error:  # every error of smtplib is one
        host = str(django_settings.EMAIL_HOST)
        if isinstance(error, smtplib.SMTPException):
            _fail_by_answer(error, scrub, host)
        raise _unreachable(error, host) from None
    return dict.fromkeys(envelope.recipients, _TAKEN)


def greet(connection: OpenConnection, timeout_seconds: float) -> None:
    """Connect, encrypt and log in as a mail would, and send none. Raises like `deliver`."""
    address = _checked_address(connection)
    release_database()
    backend = _backend(connection, address, timeout_seconds)
    with _telling(backend, Scrubber(connection.secret_values)):
        try:
            backend.open()
            client: Any = backend.connection
            client.ehlo_or_helo_if_needed()
        finally:
            with suppress(OSError):
                backend.close()


@contextmanager
def _telling(backend: ClockedBackend, scrub: Scrubber) -> Iterator[None]:
    """Raise what an error of the conversation means."""
    try:
        yield
    except (OSError, UnicodeError) as error:  # every error of smtplib is one of the first
        may_have_arrived = backend.has_handed_over
        if backend.is_late:
            raise TemporaryFailure(
                "mail_timed_out", host=backend.host, may_have_arrived=may_have_arrived
            ) from None
        if isinstance(error, smtplib.SMTPException):
            _fail_by_answer(error, scrub, backend.host, may_have_arrived=may_have_arrived)
        raise _unreachable(error, backend.host, may_have_arrived=may_have_arrived) from None


def _unreachable(error: Exception, host: str, **facts: Any) -> TemporaryFailure:
    """Return why there was no conversation, with what most likely is wrong in the settings.

    It is tried again whatever it is: a name may be missing, a port closed and a certificate out of
    date for a while (RFC 5321, 4.5.4.1, asks for tries over days where a host cannot be reached).
    """
    reason = next((name for kinds, name in _REASONS if isinstance(error, kinds)), "")
    if isinstance(error, socket.gaierror) and error.errno in _NO_ANSWER_OF_DNS:
        reason = ""
    told: dict[str, Any] = {"host": host, **facts}
    if reason:
        told["reason"] = reason
    return TemporaryFailure("mail_server_unreachable", **told)


def _backend(
    connection: OpenConnection | None, address: str | None, timeout_seconds: float
) -> ClockedBackend:
    deadline = Deadline()
    deadline.start(timeout_seconds)
    return ClockedBackend(deadline, address, **_options(connection, timeout_seconds))


def _options(connection: OpenConnection | None, timeout_seconds: float) -> dict[str, Any]:
    if connection is None:
        return {"timeout": timeout_seconds}
    given, target = connection.settings, _target(connection)
    return {
        "host": target.host,
        "port": target.port,
        "username": given.get("username", ""),
        "password": connection.secrets.get("password", ""),
        "use_tls": bool(given.get("use_tls")) and not given.get("use_ssl"),
        "use_ssl": bool(given.get("use_ssl")),
        "timeout": timeout_seconds,
    }


def _target(connection: OpenConnection) -> Target:
    port = str(connection.settings.get("port") or SUBMISSION_PORT)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise PermanentFailure("connection_incomplete", connection=connection.key, missing=["port"])
    return Target("smtp", str(connection.settings["host"]).strip().lower(), int(port))


def _checked_address(connection: OpenConnection) -> str | None:
    """Return the public address to connect to; None for a host that the settings allow."""
    target = _target(connection)
    if is_allowed(target):
        return None
    encrypted = connection.settings.get("use_tls") or connection.settings.get("use_ssl")
    if connection.secrets and not encrypted:
        raise PermanentFailure("encryption_required", host=target.host)
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _unreachable(error, target.host, may_have_arrived=False) from None
    address = str(found[0][4][0]).partition("%")[0]
    if not is_public(ip_address(address)):
        raise PermanentFailure("address_not_allowed", host=target.host)
    return address


def _send(conversation: Conversation) -> Replies:
    backend = conversation.backend
    try:
        backend.open()
        return conversation.hold()
    finally:
        # The mail is with the server, or it is not: saying goodbye changes neither.
        with suppress(OSError):
            backend.close()


def _address_in(text: object) -> str:
    """Return the address of a recipient that was found fit before."""
    try:
        return mailbox_of(str(text), "to").address
    except PermanentFailure:
        return str(text)  # of a host without a dot, for mails of the installation's own


def _reply(code: int, words: bytes | str, scrub: Scrubber) -> RecipientReply:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return RecipientReply(code, one_line(scrub.text(said), MAX_WORDS))


def _fail_by_answer(
    error: smtplib.SMTPException, scrub: Scrubber, host: str, *, may_have_arrived: bool = False
) -> NoReturn:
    """Raise what an answer means that is about none of the recipients."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        raise PermanentFailure("mail_not_supported", answer=str(error)) from None
    lost = TemporaryFailure("mail_connection_lost", host=host, may_have_arrived=may_have_arrived)
    if not isinstance(error, smtplib.SMTPResponseException):
        raise lost from None
    reply = _reply(error.smtp_code, error.smtp_error, scrub)
    if not 400 <= reply.code < 600:
        raise lost from None
    facts: dict[str, Any] = {"smtp_code": reply.code, "answer": reply.words, **code_of([reply])}
    if reply.is_deferred:
        raise TemporaryFailure("mail_deferred", may_have_arrived=False, **facts) from None
    if isinstance(error, smtplib.SMTPAuthenticationError):
        raise PermanentFailure("mail_login_refused", **facts) from None
    raise PermanentFailure("mail_refused", **facts) from None
