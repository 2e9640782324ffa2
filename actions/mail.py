"""Delivering one mail within a total time, and knowing who was refused."""

import smtplib
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.errors import MessageDefect, MessageError
from email.headerregistry import Address
from ipaddress import ip_address
from typing import Any, Final, NoReturn

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

from actions.clock import ClockedSocket, Deadline
from actions.connections import OpenConnection
from actions.database import release_database
from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import Target, is_allowed, is_public
from actions.outbound.places import place_at
from actions.scrub import Scrubber
from tenants.names import one_line

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
SUBMISSION_PORT: Final = 587
MAX_SUBJECT: Final = 200
MAX_HEADER: Final = 10_000  # what a step may write itself
Refused = dict[str, str]  # address: what the server said


def header_text(text: str, most: int = MAX_SUBJECT) -> str:
    """Return a text as a header can hold it: one line, no control characters, not too long."""
    return one_line(text, most)


def header_address(text: str) -> str:
    """Return a mail address as a header can hold it.

    Raises PermanentFailure for one that no mail can be sent to, whoever let it pass.
    """
    try:
        if one_line(text, MAX_HEADER) != text.strip():
            raise ValueError("no characters of an address")
        return str(Address(addr_spec=text.strip()))
    except (ValueError, LookupError, MessageError, MessageDefect):
        raise PermanentFailure("mail_address_invalid", address=header_text(text)) from None


def deliver(
    message: EmailMultiAlternatives, connection: OpenConnection | None, timeout_seconds: float
) -> Refused:
    """Send; return the recipients the server did not take, when it took others.

    Without a connection Django's own mail settings are used. Raises PermanentFailure (5xx) and
    TemporaryFailure (4xx, and every trouble on the way).
    """
    _compose(message)
    scrub = Scrubber(connection.secret_values if connection else ())
    address = _checked_address(connection) if connection else None
    release_database()
    if connection is None and django_settings.EMAIL_BACKEND != SMTP_BACKEND:
        get_connection().send_messages([message])
        return {}
    backend = _backend(connection, address, timeout_seconds)
    with place_at(backend.host), _telling(backend, scrub):
        return _send(backend, message, scrub)


def _compose(message: EmailMultiAlternatives) -> None:
    """See to it that the mail can be written at all. Raises PermanentFailure.

    What is wrong with one mail is a failure of that mail: no other has to hear of it.
    """
    message.subject = header_text(str(message.subject), MAX_HEADER)
    try:
        message.message().as_bytes()
    except (ValueError, TypeError, LookupError, AttributeError, MessageError, MessageDefect) as bad:
        reason = header_text(f"{type(bad).__name__}: {bad}")
        raise PermanentFailure("mail_not_composable", reason=reason) from None


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
def _telling(backend: "ClockedBackend", scrub: Scrubber) -> Iterator[None]:
    """Raise what an error of the conversation means."""
    try:
        yield
    except OSError as error:  # every error of smtplib is one
        if backend.is_late:
            raise TemporaryFailure("mail_timed_out", host=backend.host) from None
        if isinstance(error, smtplib.SMTPException):
            _fail_by_answer(error, scrub, backend.host)
        raise TemporaryFailure("mail_server_unreachable", host=backend.host) from None


class _ClockedMixin:
    deadline: Deadline
    address: str | None
    refused: dict[str, tuple[int, bytes]]
    sock: Any

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        # The address that was checked: the name may lead elsewhere by now. TLS still sees the name.
        connected = super()._get_socket(self.address or host, port, timeout)  # type: ignore[misc]
        return ClockedSocket(connected, self.deadline)

    def starttls(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().starttls(*args, **kwargs)  # type: ignore[misc]
        if not isinstance(self.sock, ClockedSocket):
            self.sock = ClockedSocket(self.sock, self.deadline)
        return answer

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        # Django drops this answer, and with it the recipients that were refused.
        self.refused = super().sendmail(*args, **kwargs)  # type: ignore[misc]
        return self.refused


class ClockedBackend(EmailBackend):
    """Django's SMTP backend, ending at a deadline however slowly the server answers."""

    def __init__(self, deadline: Deadline, address: str | None, **options: Any) -> None:
        super().__init__(**options)
        self._deadline, self._address = deadline, address

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return self._deadline.is_over()

    @property
    def connection_class(self) -> Any:
        """The kind of client that `open()` makes."""
        plain = smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP
        attributes: dict[str, Any] = {
            "deadline": self._deadline,
            "address": self._address,
            "refused": {},
        }
        return type("ClockedClient", (_ClockedMixin, plain), attributes)


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
    except (OSError, UnicodeError):
        raise TemporaryFailure("mail_server_unreachable", host=target.host) from None
    address = str(found[0][4][0]).partition("%")[0]
    if not is_public(ip_address(address)):
        raise PermanentFailure("address_not_allowed", host=target.host)
    return address


def _send(backend: ClockedBackend, message: EmailMultiAlternatives, scrub: Scrubber) -> Refused:
    try:
        backend.open()
        backend.send_messages([message])
        client: Any = backend.connection
        return _readable(client.refused, scrub)
    finally:
        # The mail is with the server, or it is not: saying goodbye changes neither.
        with suppress(OSError):
            backend.close()


def _readable(refused: Mapping[str, tuple[int, bytes]], scrub: Scrubber) -> Refused:
    return {
        address: scrub.text(f"{code} {text.decode('utf-8', 'replace')}")[:300]
        for address, (code, text) in refused.items()
    }


def _fail_by_answer(error: smtplib.SMTPException, scrub: Scrubber, host: str) -> NoReturn:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused = _readable(error.recipients, scrub)
        codes = [code for code, _text in error.recipients.values()]
        if all(code >= 500 for code in codes):
            raise PermanentFailure("mail_recipients_refused", answer=refused) from None
        raise TemporaryFailure("mail_deferred", answer=refused) from None
    if not isinstance(error, smtplib.SMTPResponseException):
        if isinstance(error, smtplib.SMTPNotSupportedError):
            raise PermanentFailure("mail_not_supported", answer=str(error)) from None
        raise TemporaryFailure("mail_connection_lost", host=host) from None
    said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    facts: dict[str, Any] = {"smtp_code": error.smtp_code, "answer": scrub.text(text)[:300]}
    if error.smtp_code < 500:
        raise TemporaryFailure("mail_deferred", **facts) from None
    if isinstance(error, smtplib.SMTPAuthenticationError):
        raise PermanentFailure("mail_login_refused", **facts) from None
    raise PermanentFailure("mail_refused", **facts) from None
