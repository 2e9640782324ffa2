"""What visitors are told when it is not their mistake, nor ours.

These pages ask nothing of the database: it may be what is missing.
"""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults

from tenants.admin.site import in_the_readers_terms
from tenants.core.database.outages import Outage, outage_of
from workflows.api.problems import MEDIA_TYPE, ProblemSerializer
from workflows.api.refusals import ApiProblem

RETRY_SECONDS: Final = 2
_RETRY_AFTER: Final = {Outage.AWAY: 5, Outage.BUSY: RETRY_SECONDS, Outage.TOO_LONG: 5}
_SAFE: Final = {"GET", "HEAD"}


def too_many_at_once(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = ProblemSerializer(ApiProblem("too_many_at_once")).data
        answer: HttpResponse = JsonResponse(body, status=body["status"], content_type=MEDIA_TYPE)
    else:
        with _language_of(request):
            answer = _page(request, HTTPStatus.TOO_MANY_REQUESTS, _too_many_words(request))
        if request.method in _SAFE:
            # The page comes by itself: nobody has to press anything.
            answer.headers["Refresh"] = str(RETRY_SECONDS)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: that the database is away or busy, or that it is our mistake.

    Django calls this while it handles the error, also one of the session or of another middleware.
    """
    outage = outage_of(sys.exception())
    if outage is None:
        return defaults.server_error(request)
    return _out_of_order(request, outage)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read; a session that could not be stored is none of these."""
    outage = outage_of(exception)
    if outage is None:
        return defaults.bad_request(request, exception)
    return _out_of_order(request, outage)


def without_the_database(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return an error page in the reader's terms, or if nobody can look them up, the browser's."""
    in_their_terms = in_the_readers_terms(view)

    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return in_their_terms(request, *args, **kwargs)
        except Exception as error:
            if outage_of(error) is None:
                raise
            return view(request, *args, **kwargs)

    return shown


def _out_of_order(request: HttpRequest, outage: Outage) -> HttpResponse:
    with _language_of(request):
        answer = _page(request, HTTPStatus.SERVICE_UNAVAILABLE, _words(request, outage))
    answer.headers["Retry-After"] = str(_RETRY_AFTER[outage])
    return answer


def _words(request: HttpRequest, outage: Outage) -> tuple[str, ...]:
    is_read = request.method in _SAFE
    match outage:
        case Outage.AWAY:
            title = _("The database is away")
            said = _("It cannot be reached at the moment. Try again in a few seconds.")
        case Outage.BUSY:
            title = _("The database is busy")
            said = _("Others hold what this page needs. Try again in a few seconds.")
        case _:
            title = _("This took too long")
            said = _(
                "This search took too long. Narrow it down: choose a workflow or fewer days, or "
                "search for a whole number or name."
            )
    if is_read:
        return title, said
    if outage is Outage.TOO_LONG:
        said = _("It was stopped. Try again, with fewer rows at once.")
    return title, said, _("Look whether what you did was saved before you do it again.")


def _too_many_words(request: HttpRequest) -> tuple[str, ...]:
    title = _("Too much at once")
    if request.method in _SAFE:
        return title, _(
            "Several of your pages are on their way. This one comes by itself in a moment."
        )
    return title, _("Several of your pages are on their way. Nothing was done: go back, try again.")


def _page(request: HttpRequest, status: HTTPStatus, words: tuple[str, ...]) -> HttpResponse:
    title, *sentences = words
    context = {
        "title": title,
        "sentences": sentences,
        "again": request.get_full_path() if request.method in _SAFE else "",
        "bare": request.path if request.method in _SAFE and request.GET else "",
    }
    answer = HttpResponse(render_to_string("errors/notice.html", context), status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _language_of(request: HttpRequest) -> Any:
    """Speak the reader's language if it is known already; else the browser's goes on."""
    language = getattr(getattr(request, "_cached_user", None), "language", "")
    return translation.override(language) if language else nullcontext()
