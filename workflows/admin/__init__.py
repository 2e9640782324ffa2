"""Admin pages of workflows, runs and events. Importing it registers them."""

from workflows.admin.approvals import ApprovalAdmin
from workflows.admin.bulk_retries.admin import BulkRetryAdmin
from workflows.admin.definitions.admin import DefinitionAdmin
from workflows.admin.events.admin import EventAdmin
from workflows.admin.message_templates.admin import MessageTemplateAdmin
from workflows.admin.problems.admin import ProblemAdmin
from workflows.admin.runs.admin import RunAdmin
from workflows.admin.schedules.admin import ScheduleAdmin
from workflows.admin.versions.admin import VersionAdmin
from workflows.admin.workers import WorkerAdmin

__all__ = [
    "ApprovalAdmin",
    "BulkRetryAdmin",
    "DefinitionAdmin",
    "EventAdmin",
    "MessageTemplateAdmin",
    "ProblemAdmin",
    "RunAdmin",
    "ScheduleAdmin",
    "VersionAdmin",
    "WorkerAdmin",
]
