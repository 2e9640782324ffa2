"""No one person's requests take all threads: the next is answered at once, with when to come back.

A person is a user, an API key, or, for who is not logged in, a client's address. Events are not
counted, nor is the question whether this works: both are short, and others depend on them.
"""

from collections.abc import Callable
from hashlib import blake2b
from threading import local
from typing import Any, Final

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse

from config.client_address import client_address
from config.web.answers import too_many_at_once
from config.web.places import RequestPlaces

API: Final = "/api/"
_HEALTH: Final = "/api/v1/health/"
_EVENTS: Final = "/api/v1/triggers/"
WAIT_SECONDS: Final = 1.0

# Of eight threads two, and two that wait a moment: half are left for everybody else.
PLACES: Final = RequestPlaces(
    max(1, settings.SAYR_WEB_THREADS // 4), settings.SAYR_WEB_THREADS // 4, WAIT_SECONDS
)
_own: Final = local()


class OnePerson:
    """Middleware, after those that know who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say that there is no place."""
        if _is_short(request):
            return self._get_response(request)
        who = who_asks(request)
        if not PLACES.take(who):
            return too_many_at_once(request)
        _own.who = who
        try:
            return self._get_response(request)
        except BaseException:
            # Nobody closes an answer that was never made.
            _give_back()
            raise


def who_asks(request: HttpRequest) -> str:
    """Return a name for the person behind a request. Never raises for what the request holds."""
    key = request.headers.get("Authorization", "")
    if request.path.startswith(API) and key:
        return f"key:{blake2b(key.encode(errors='replace'), digest_size=16).hexdigest()}"
    if not request.path.startswith(API):
        user: Any = request.user
        if user.is_authenticated:
            return f"user:{user.pk}"
    return f"address:{client_address(request)}"


def _is_short(request: HttpRequest) -> bool:
    return request.path == _HEALTH or (
        request.method == "POST" and request.path.startswith(_EVENTS)
    )


def _give_back(**_signal: Any) -> None:
    who = _own.__dict__.pop("who", None)
    if who is not None:
        PLACES.give_back(who)


# Django tells when an answer is closed: all of it was sent, or whoever asked for it has gone. That
# is in the thread that worked on it.
request_finished.connect(_give_back)
# In case that was never told: this thread works on another request now.
request_started.connect(_give_back)
