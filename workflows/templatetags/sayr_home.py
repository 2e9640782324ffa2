"""The first page: what needs somebody, what happened last, and where the daily work is."""

from collections.abc import Mapping
from typing import Any, Final

from django import template
from django.utils import timezone

from tenants.admin.access import (
    is_superuser,
    may_edit,
    may_edit_somewhere,
    sees_several,
    tenants_seen,
)
from workflows.addresses import path_to
from workflows.admin.bulk_retries.admin import job_badge, job_words
from workflows.admin.onboarding.guide import guide_steps
from workflows.presentation.times import duration, short_moment
from workflows.services.approvals.decide import waiting_for
from workflows.services.bulk_retries.report import live_jobs
from workflows.services.definitions.broken import count_broken
from workflows.services.onboarding.progress import MAX_RUNS, beginnings
from workflows.services.operations.attention import attention
from workflows.services.runs.newest import last_day, newest_runs

register = template.Library()

NEWEST_SHOWN: Final = MAX_RUNS


@register.inclusion_tag("admin/sayr/home.html", takes_context=True)
def home(context: Mapping[str, Any]) -> dict[str, Any]:
    """Show it for the person's companies; for a superuser, for all."""
    request = context["request"]
    tenants = list(tenants_seen(request))
    if not tenants:
        return {"tenants": (), "is_superuser": is_superuser(request)}
    now = timezone.now()
    found, newest = attention(tenants, now), newest_runs(tenants, NEWEST_SHOWN)
    first_way = beginnings(tenants, now, [one.run for one in newest])
    return {
        "tenants": tenants,
        "is_superuser": is_superuser(request),
        "may_edit": may_edit_somewhere(request),
        "names_tenants": sees_several(request),
        "attention": found,
        "problems_url": path_to("workflows_workflowproblem"),
        "bulk_retries": [(job, job_badge(job), job_words(job)) for job in live_jobs(tenants)],
        "decisions": len(waiting_for(tenants, request.user)),
        "late_for": duration(found.late.longest) if found.late else "",
        "retries": [(one, short_moment(one.run.due_at)) for one in found.retries],
        "broken": count_broken(tenants, now),
        "newest": newest,
        "day": last_day(tenants, now),
        "beginnings": first_way,
        "guides": first_way is not None and may_edit(request, first_way.tenant.pk),
        "guide": guide_steps(first_way) if first_way else [],
        # The form that closes the guide: an inclusion tag has a context of its own.
        "csrf_token": context.get("csrf_token"),
    }
