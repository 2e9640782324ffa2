"""The shapes of answers, to describe the API by. `presenting` makes them; a test compares."""

from typing import Final

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from workflows.engine.statuses import RunStatus, StepStatus

_EVALUATION_REASONS = ("started", "filtered_out", "problem", "own_change", "chain_too_long")


class ProblemError(serializers.Serializer[object]):
    """One thing that is wrong, and where."""

    code = serializers.CharField()
    detail = serializers.CharField(help_text="A sentence in the request's language.")
    pointer = serializers.CharField(required=False, help_text="Into the body (RFC 6901).")
    line = serializers.IntegerField(required=False, help_text="Of the body, from 1.")
    column = serializers.IntegerField(required=False, help_text="Of the line, from 1.")
    parameter = serializers.CharField(required=False, help_text="Of the address.")


class Problem(serializers.Serializer[object]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="urn:sayr:problem:<code>")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence in the request's language.")
    code = serializers.CharField(help_text="Stable: programs decide by it.")
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]  # a field


class RunLink(serializers.Serializer[object]):
    """Where a run is found."""

    id = serializers.UUIDField()
    url = serializers.URLField()


class ShortEvaluation(serializers.Serializer[object]):
    """Whether a workflow that listens started."""

    workflow = serializers.CharField()
    started = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=_EVALUATION_REASONS)


class AcceptedEvent(serializers.Serializer[object]):
    """An event that is stored."""

    event_id = serializers.UUIDField()
    trigger_type = serializers.CharField()
    listeners = serializers.IntegerField(help_text="Workflows that listen to this type.")
    runs = RunLink(many=True)
    evaluations = ShortEvaluation(many=True)


class Subject(serializers.Serializer[object]):
    """The record an event is about."""

    type = serializers.CharField()
    id = serializers.CharField()


class WorkflowName(serializers.Serializer[object]):
    """The workflow a run executes, in its version."""

    key = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()


class RunError(serializers.Serializer[object]):
    """Why a run did not go well."""

    step = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()


class RunSummary(serializers.Serializer[object]):
    """A run as lists show it."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    workflow = WorkflowName()
    status = serializers.ChoiceField(choices=[status.value for status in RunStatus])
    trigger_type = serializers.CharField()
    event_id = serializers.UUIDField(allow_null=True)
    subject = Subject(allow_null=True)
    actor = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    error = RunError(allow_null=True)


class RunPage(serializers.Serializer[object]):
    """Some runs, newest first. A page may be short, or empty, although there is a next one."""

    results = RunSummary(many=True)
    next = serializers.URLField(allow_null=True, help_text="null: there are no more.")


class StepError(serializers.Serializer[object]):
    """Why a step failed."""

    code = serializers.CharField()
    message = serializers.CharField(help_text="A sentence in the request's language.")
    params = serializers.DictField(child=serializers.JSONField(allow_null=True))


class Attempt(serializers.Serializer[object]):
    """One try of a step."""

    started_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    error = StepError(allow_null=True)


class Step(serializers.Serializer[object]):
    """A step that was done, or is under way: then its status is the run's."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field
    action = serializers.CharField()
    status = serializers.CharField(
        help_text=f"{', '.join(StepStatus)}; of the step under way: queued, running or waiting."
    )
    reason = serializers.CharField(allow_null=True, help_text="Why it was skipped.")
    input = serializers.JSONField(allow_null=True, help_text="The params as they were filled in.")
    output = serializers.JSONField(allow_null=True)
    error = StepError(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    record_values = serializers.JSONField(
        allow_null=True,
        help_text="Of a step retried with the record's values: `read_at`, and what had `changed`.",
    )
    attempts = Attempt(many=True, help_text="All tries, if there was more than one.")


class RunDetail(RunSummary):
    """Everything about a run."""

    trigger_payload = serializers.DictField(child=serializers.JSONField(allow_null=True))
    steps = Step(many=True)
    crashes = serializers.IntegerField()
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="null: the run has ended, or no clock wakes it."
    )
    deadline_at = serializers.DateTimeField(allow_null=True)
    waits_for = serializers.CharField(
        allow_null=True, help_text="A sentence in the request's language."
    )
    cancel_requested_at = serializers.DateTimeField(allow_null=True)
    parent_run = serializers.UUIDField(
        allow_null=True, help_text="The run that started this one as a part, and waits for it."
    )
    item_index = serializers.IntegerField(
        allow_null=True, help_text="Of a part: which of the step's parts it is, from 0."
    )
    item = serializers.JSONField(allow_null=True, help_text="Of a part: what it works on.")
    retried_from = serializers.UUIDField(allow_null=True)


class RunBrief(serializers.Serializer[object]):
    """What a key without `runs:read` is told of a run."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    status = serializers.CharField()


# The answer to who acts on a run.
RUN_AFTER: Final = PolymorphicProxySerializer(
    "RunAfter", serializers=[RunDetail, RunBrief], resource_type_field_name=None
)


class Retry(serializers.Serializer[object]):
    """How a run is retried."""

    payload = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        allow_null=True,
        help_text="A corrected payload, whole. Of a new run only.",
    )
    version = serializers.ChoiceField(
        choices=["own", "newest"],
        required=False,
        help_text="Of a new run: the version of this run, or the one published now.",
    )
    values = serializers.ChoiceField(
        choices=["trigger", "record"],
        required=False,
        help_text=(
            "`record`: what the record that the run is about says today. From the failed step, "
            "that step alone reads it, and says so in `record_values`; a new run has it as payload."
        ),
    )

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]  # of any kind
        """Add the field whose name is a word of Python."""
        begin = serializers.CharField(
            required=False,
            max_length=100,
            help_text="`failed_step` (unless said), `start`, or the name of a step.",
        )
        return {"from": begin, **super().get_fields()}


class Evaluation(ShortEvaluation):
    """Why a workflow that listens did, or did not, start."""

    version = serializers.IntegerField()
    message = serializers.CharField(allow_null=True, help_text="Of a problem.")
    details = serializers.DictField(child=serializers.JSONField(allow_null=True))


class EventDetail(serializers.Serializer[object]):
    """An event, and what became of it."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    trigger_type = serializers.CharField()
    payload = serializers.DictField(child=serializers.JSONField(allow_null=True))
    previous = serializers.DictField(child=serializers.JSONField(allow_null=True), allow_null=True)
    subject = Subject(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # a field
    actor = serializers.CharField()
    caused_by_run = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    evaluations = Evaluation(many=True)
    runs = RunSummary(many=True)


class Health(serializers.Serializer[object]):
    """How the work is going."""

    status = serializers.CharField(help_text="`ok` or `degraded`.")
    oldest_due_seconds = serializers.IntegerField(allow_null=True)
    live_workers = serializers.IntegerField()
    last_beat_at = serializers.DateTimeField(allow_null=True)
