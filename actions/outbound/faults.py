"""What the errors of the libraries mean: the request was not sent, may have been, or cannot be."""

from typing import Final, NoReturn

from requests import exceptions  # noqa: TID251 - this package is the HTTP client
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    InvalidHeader,
    LocationValueError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from actions.errors import PermanentFailure, TemporaryFailure
from actions.outbound.addresses import Target
from actions.outbound.transport import session

# Whatever comes of sending a request and reading its answer.
OF_THE_LIBRARIES: Final = (exceptions.RequestException, HTTPError, OSError, UnicodeError)
BAD_ADDRESS: Final = (
    exceptions.InvalidURL,
    InvalidHeader,
    LocationValueError,
    UnicodeError,
)
DAMAGED: Final = {"reason": "its compression is damaged", "fault": "damaged"}
UNRESOLVED: Final = "Failed to resolve"  # requests-hardened has no class of its own for it


def fail_to_reach(error: Exception, target: Target) -> NoReturn:
    """Raise what the libraries' error means. The order matters: they wrap one another."""
    causes = _causes(error)
    for kinds, failure in (
        (InvalidIPAddress, PermanentFailure("address_not_allowed", host=target.host)),
        (BAD_ADDRESS, PermanentFailure("bad_address", host=target.host, reason="cannot be read")),
        # The library looks at how the body is packed before it is read.
        (DecodeError, PermanentFailure("answer_unreadable", host=target.host, **DAMAGED)),
        # Once something was sent, encryption that breaks is a connection that breaks.
        (SSLError, _unless_sent(_not_sent("certificate_refused", target), target)),
        ((ConnectTimeoutError, NewConnectionError), _not_sent("unreachable", target)),
        ((TimeoutError, ReadTimeoutError), perhaps_sent("timed_out", target)),
    ):
        if any(isinstance(cause, kinds) for cause in causes):
            raise failure from None
    if UNRESOLVED in str(error):
        raise _not_sent("unreachable", target) from None
    raise perhaps_sent("connection_lost", target) from None


def _not_sent(code: str, target: Target) -> TemporaryFailure:
    return TemporaryFailure(code, host=target.host, may_have_arrived=False)


def perhaps_sent(code: str, target: Target) -> TemporaryFailure:
    return TemporaryFailure(code, host=target.host, may_have_arrived=True)


def _unless_sent(failure: TemporaryFailure, target: Target) -> TemporaryFailure:
    return perhaps_sent("connection_lost", target) if session().deadline.has_sent else failure


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and everything inside it: each library wraps the one below."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        waiting += [cause.__cause__, cause.__context__]
        waiting += [part for part in cause.args if isinstance(part, BaseException)]
        if isinstance(cause, MaxRetryError):
            waiting.append(cause.reason)
    return found
