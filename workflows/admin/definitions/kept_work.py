"""Tells the browser what was saved of the work that it keeps: editor/kept.js."""

import re
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

COOKIE: Final = "sayr-saved"
KEPT: Final = timedelta(days=14)  # as long as the browser keeps unsaved work
MAX_NAMED: Final = 20  # the next page of a workflow forgets them all
_ID: Final = re.compile(r"[0-9a-f]{1,40}")


def noted_as_saved(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Add to an answer that the work whose id the form sent along was saved.

    A cookie: it comes with the answer, or does not, as the news itself; and whichever page of a
    workflow is opened next reads it, in any tab.
    """
    own = request.POST.get("work", "")
    if not _ID.fullmatch(own):
        return answer
    known = [one for one in request.COOKIES.get(COOKIE, "").split(".") if _ID.fullmatch(one)]
    named = [*(one for one in known if one != own), own][-MAX_NAMED:]
    answer.set_cookie(
        COOKIE,
        ".".join(named),
        max_age=KEPT,
        path=reverse("admin:index"),
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )
    return answer
