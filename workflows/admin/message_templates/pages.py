"""Pages around a message: its versions, the way back to one, and a mail to oneself."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from actions.errors import ActionFailure
from actions.models.message_template import MessageTemplate, MessageTemplateVersion
from tenants.admin import access
from workflows.admin.base import AdminPage, to
from workflows.admin.message_templates import preview
from workflows.presentation.actors import actor_words
from workflows.presentation.messages import changes_told
from workflows.presentation.runs.errors import sentence
from workflows.presentation.times import short_moment
from workflows.services.messages.publishing import (
    SavedMeanwhile,
    discard_draft,
    publish,
    versions_of,
)
from workflows.services.messages.trial import TooManyTrials, count_trial, send_trial


class MessagePages(AdminPage):
    """The views; `admin` is the one of message templates."""

    def versions(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show what was published, by whom, and what changed with it."""
        template = self.seen(request, pk)
        found = list(versions_of(template))
        shown = [
            _shown(version, before)
            for version, before in zip(found, [*found[1:], None], strict=True)
        ]
        return self.show(
            request,
            "admin/workflows/message_versions.html",
            _("Versions of “%(name)s”") % {"name": template},
            message=template,
            versions=shown,
            may_go_back=self.admin.has_change_permission(request, template),
        )

    def go_back(self, request: HttpRequest, pk: Any, number: int) -> HttpResponse:
        """Publish an old version as the newest one. A draft is kept beside it."""
        template = self.changeable(request, pk)
        old = next((one for one in versions_of(template) if one.version == number), None)
        if old is None or not isinstance(old.content, dict):
            raise Http404
        stored = MessageTemplate.objects.get(pk=template.pk)
        draft = (stored.draft, stored.drafted_by, stored.drafted_at)
        try:
            seen = int(request.POST.get("revision", ""))
            publish(stored, access.actor_of(request), old.content, seen, draft=draft)
        except (SavedMeanwhile, ValueError):
            messages.error(request, _("A colleague saved this message meanwhile. Look again."))
            return to(stored)
        told = {"number": stored.version, "old": number}
        said = _("Version %(number)s is published: it says what version %(old)s said.") % told
        return self.done(request, stored, said)

    def discard(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Forget the draft."""
        template = self.changeable(request, pk)
        discard_draft(template)
        return self.done(request, template, _("The draft is discarded."))

    def send_test(self, request: HttpRequest) -> HttpResponse:
        """Send what stands in the form to whoever writes it."""
        key = request.POST.get("tenant", "")
        own = {str(tenant.pk): tenant for tenant in access.tenants_edited(request)}
        if key not in own:
            raise PermissionDenied
        draft = preview.Draft.posted(request, own[key])
        said, is_sent = _sent(request, draft)
        return JsonResponse({"said": said, "is_sent": is_sent})


def _shown(
    version: MessageTemplateVersion, before: MessageTemplateVersion | None
) -> dict[str, Any]:
    return {
        "number": version.version,
        "publisher": actor_words(version.published_by),
        "published_at": short_moment(version.published_at),
        "changes": changes_told(before.content, version.content) if before else [],
        "is_first": before is None,
    }


def _sent(request: HttpRequest, draft: preview.Draft) -> tuple[str, bool]:
    """Return what became of a test mail, in words, and whether it went."""
    address = getattr(request.user, "email", "")
    if not address:
        return _("You have no mail address yet. Whoever manages the accounts can enter it."), False
    rendered = preview.render(draft)
    if rendered.problems:
        return _("First correct what is marked: %(problem)s") % {
            "problem": next(iter(rendered.problems.values()))
        }, False
    try:
        count_trial(request.session)
        subject = _("Test: %(subject)s") % {"subject": rendered.texts.get("subject", "")}
        send_trial(draft.tenant, address, {**rendered.texts, "subject": subject})
    except TooManyTrials as fault:
        said = _("You have sent %(count)s tests already. Wait some minutes.")
        return said % {"count": fault.limit}, False
    except ActionFailure as failure:
        return sentence(failure.code, failure.params), False
    values = _("with values of the last event") if rendered.are_real else _("with made-up values")
    told = {"address": address, "values": values}
    return _("Sent to %(address)s, %(values)s.") % told, True
