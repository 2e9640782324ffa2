"""The page behind a signed link: it shows a question, and takes the decision of one person.

GET and HEAD change nothing, since mail programs and chats open every link to preview it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.views.generic import View

from tenants.core.values.zones import zone_named
from tenants.models.user import User
from workflows.presentation.actors import actor_words
from workflows.presentation.approvals import ApprovalState, refusal_words
from workflows.runtime.database import database_now
from workflows.services.approvals.approvers import refusal
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.links import Opened, open_link
from workflows.services.approvals.page import ApprovalPage, approval_page, typed_answers, with_typed
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    AnswerInvalid,
    MayNotDecide,
    NoLongerOpen,
    UnknownChoice,
)

HEADERS: Final = {
    "Cache-Control": "private, no-store, max-age=0",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    # Not no-referrer: with that, browsers hide the origin of the form as well, and the protection
    # against forged requests would refuse it. The page leads nowhere else.
    "Referrer-Policy": "same-origin",
}


class ApprovalLinkView(View):
    """Needs no login: who has the link, is the person it was made for."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer in the person's terms, and let nobody keep or index the answer."""
        opened = open_link(kwargs["token"])
        with _in_terms_of(opened):
            if opened is None:
                answer: Any = _page(request, "approvals/unknown.html", {}, 404)
            else:
                answer = super().dispatch(request, opened)
            if isinstance(answer, TemplateResponse):
                answer.render()
        for name, value in HEADERS.items():
            answer.headers[name] = value
        return answer  # type: ignore[no-any-return]  # a response

    def get(self, request: HttpRequest, opened: Opened) -> HttpResponse:
        """Show the question; of a decided one, what became of it."""
        return _show(request, opened)

    def post(self, request: HttpRequest, opened: Opened) -> HttpResponse:
        """Take the decision."""
        approval = opened.approval
        if opened.is_too_old(database_now()):
            return _show(request, opened)
        typed = typed_answers(approval, request.POST)
        given = GivenAnswer(request.POST.get("choice", ""), typed)
        try:
            decide(approval.tenant, approval.pk, opened.decider, given)
        except AnswerInvalid as wrong:
            return _show(request, opened, typed=typed, faults=wrong.faults)
        except UnknownChoice:
            return _show(request, opened, typed=typed, trouble=refusal_words("unknown_choice"))
        except MayNotDecide:
            return _show(request, opened)
        except (AlreadyDecided, NoLongerOpen):
            # The page says what happened meanwhile.
            pass
        answer = HttpResponseRedirect(request.path)
        answer.status_code = 303
        return answer


def _show(
    request: HttpRequest,
    opened: Opened,
    *,
    typed: Any = None,
    faults: Any = None,
    trouble: str = "",
) -> HttpResponse:
    """Show the question. Always with status 200: others are logged, and the address decides."""
    approval, decider = opened.approval, opened.decider
    if refusal(approval, decider) == "not_asked":
        # The role or the account is gone: the link tells no more than any other.
        return _page(request, "approvals/unknown.html", {}, 404)
    now = database_now()
    page = approval_page(approval, decider, now)
    if page.state is not ApprovalState.OPEN or opened.is_too_old(now):
        return _over(request, page)
    if typed is not None:
        page = with_typed(page, typed, faults or {})
    context = {
        "page": page,
        "person": actor_words(decider.name),
        "tenant": approval.tenant,
        "may_decide": not page.hindrance,
        "trouble": trouble,
        "has_faults": bool(faults),
    }
    return _page(request, "approvals/page.html", context, 200)


def _over(request: HttpRequest, page: ApprovalPage) -> HttpResponse:
    """Tell what became of a question, and nothing of what it was about: a mail lies about."""
    if page.state is ApprovalState.OPEN:
        page = replace(page, hindrance=refusal_words("link_expired"))
    return _page(
        request, "approvals/over.html", {"page": page, "tenant": page.approval.tenant}, 200
    )


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int) -> HttpResponse:
    language = translation.get_language() or "en"
    terms = {"language": language, "is_rtl": translation.get_language_bidi()}
    answer = TemplateResponse(request, name, {**context, **terms}, status=status)
    answer.headers["Content-Language"] = language
    return answer


@contextmanager
def _in_terms_of(opened: Opened | None) -> Iterator[None]:
    """Speak the person's language, or else the tenant's, by their clock; unknown: the browser's."""
    if opened is None:
        yield
        return
    tenant = opened.approval.tenant
    kind, _colon, name = opened.decider.name.partition(":")
    user = User.objects.filter(username=name).first() if kind == "user" else None
    language = (user.language if user else "") or tenant.language
    with (
        translation.override(language),
        timezone.override(zone_named(user and user.time_zone) or tenant.zone),
    ):
        yield
