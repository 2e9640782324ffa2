"""What the light says once nothing is to be corrected: whether it ran through, with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.check import mistakes_of
from workflows.admin.editor.form.shape import from_form
from workflows.admin.editor.form.steps import step_parts
from workflows.event_types import label_of
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.dry_runs import failure
from workflows.presentation.times import short_moment
from workflows.presentation.vocabulary import step_label
from workflows.services.dry_run.trial import SampleSource, Trial, TrialState, Why, trial_of

Form = Any


def tried(tenant: Tenant, definition: WorkflowDefinition | None, form: Form) -> dict[str, Json]:
    """Return {"state": "ran" | "fails" | "unknown" | "invalid", "text", "part"}. Raises BadForm."""
    document = from_form(dict(form))
    if mistakes_of(form):
        return {"state": TrialState.INVALID, "text": "", "part": ""}
    found = trial_of(tenant, document, definition)
    parts = {str(step.get("name")): (path, step) for path, step in step_parts(document)}
    part, step = parts.get(found.step, ("", None))
    label = step_label(step) if step else found.step
    return {
        "state": found.state,
        "text": _sentence(found, label, str(document.get("trigger_type") or "")),
        "part": part if found.state is not TrialState.RAN else "",
    }


def _sentence(found: Trial, label: str, event_type: str) -> str:
    if found.state is TrialState.INVALID:
        return ""
    if found.state is TrialState.RAN:
        return _ran(found, label, event_type)
    facts = {"step": label, "why": failure(found.code, found.params) if found.code else ""}
    facts |= {"sample": _sample(found, event_type)}
    if found.state is TrialState.FAILS:
        return _("With %(sample)s, “%(step)s” would fail: %(why)s") % facts
    return str(_UNKNOWN[found.why]) % facts


_UNKNOWN: Final[Mapping[Why | None, Any]] = {
    Why.NOT_STARTED: gettext_lazy(
        "Nothing to correct. None of the last events would start it, so it was not tried."
    ),
    Why.ANSWER: gettext_lazy(
        "Nothing to correct. What “%(step)s” answers is not known yet: paste an example of its"
        " answer into it."
    ),
    Why.ENDS: gettext_lazy("Nothing to correct. With %(sample)s it ends as failed at “%(step)s”."),
    Why.STOPPED: gettext_lazy("Nothing to correct. It was tried, but not to its end: %(why)s"),
    Why.MADE_UP: gettext_lazy(
        "Nothing to correct. No such event has come yet, and with made-up values it ends at"
        " “%(step)s”: %(why)s"
    ),
}


def _ran(found: Trial, label: str, event_type: str) -> str:
    if found.source is SampleSource.MADE_UP:
        said = _("Nothing to correct. It ran through with made-up values: no such event came yet.")
    else:
        said = _("Nothing to correct. It ran through with %(sample)s.") % {
            "sample": _sample(found, event_type)
        }
    if not found.step:
        return said
    went_on = _("“%(step)s” failed in it, and it went on: %(why)s")
    facts = {"step": label, "why": failure(found.code, found.params)}
    return f"{said} {went_on % facts}"


def _sample(found: Trial, event_type: str) -> str:
    """Return what it was tried with: “Order C-1019 of today”."""
    about = found.about or label_of(event_type)
    if found.at is None:
        return about
    if timezone.localdate(found.at) == timezone.localdate():
        return _("%(about)s of today") % {"about": about}
    return _("%(about)s of %(moment)s") % {"about": about, "moment": short_moment(found.at)}
