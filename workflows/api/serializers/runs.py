"""Runs: what is told of them, what is asked, and how one is to be retried."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from tenants.core.json import Json
from workflows.api.serializers import fields, requests
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.summary import waits
from workflows.services.runs.queries import RunHistory
from workflows.services.runs.summaries import facts_of, is_put_off, plans_of

# From where, on which version and with whose values a run is retried.
FAILED_STEP, START = "failed_step", "start"
OWN, NEWEST = "own", "newest"
TRIGGER, RECORD = "trigger", "record"


class RunLinkSerializer(serializers.Serializer[UUID]):
    """Where a run is found."""

    id = serializers.UUIDField(source="*")
    url = fields.RowAddressField("api-run", source="*")


class SubjectSerializer(serializers.Serializer[Any]):
    """The record an event is about."""

    type = serializers.CharField(source="subject_type")
    id = serializers.CharField(source="subject_id")


class WorkflowNameSerializer(serializers.Serializer[WorkflowRun]):
    """The workflow a run executes, in its version."""

    key = serializers.CharField(source="definition.key")
    name = serializers.CharField(source="definition.name")
    version = serializers.IntegerField()


class RunErrorSerializer(serializers.Serializer[Mapping[str, Any]]):
    """Why a run did not go well."""

    step = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()


class RunBriefSerializer(fields.AnswerSerializer):
    """What a key without `runs:read` is told of a run."""

    id = serializers.UUIDField()
    url = fields.RowAddressField("api-run", source="id")
    status = serializers.CharField()


class RunSummarySerializer(RunBriefSerializer):
    """A run as lists show it."""

    workflow = WorkflowNameSerializer(source="*")
    status = serializers.ChoiceField(  # type: ignore[assignment]  # a word, too
        choices=[status.value for status in RunStatus]
    )
    trigger_type = serializers.CharField()
    event_id = serializers.UUIDField(allow_null=True)
    subject = SubjectSerializer(allow_null=True)
    actor = serializers.CharField()
    created_at = fields.Moment()
    started_at = fields.Moment(allow_null=True)
    completed_at = fields.Moment(allow_null=True)
    error = RunErrorSerializer(allow_null=True)

    def get_trigger_type(self, run: WorkflowRun) -> str:
        """Return the type of its event, which may be forgotten."""
        return run.event.type if run.event else ""

    def get_subject(self, run: WorkflowRun) -> WorkflowRun | None:
        return run if run.subject_type else None

    def get_error(self, run: WorkflowRun) -> dict[str, Json] | None:
        """Return its error with the sentence that was stored, in English."""
        if not run.error_code:
            return None
        message = run.error_message or ""
        return {"step": run.error_step or None, "code": run.error_code, "message": message}


class RunPageSerializer(serializers.Serializer[Any]):
    """Some runs, newest first. A page may be short, or empty, although there is a next one."""

    results = RunSummarySerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="null: there are no more.")


class StepErrorSerializer(fields.AnswerSerializer):
    """Why a step failed."""

    code = serializers.CharField()
    message = serializers.CharField(help_text="A sentence in the request's language.")
    params = fields.JsonObject()

    def get_message(self, error: Mapping[str, Json]) -> str:
        return sentence(error["code"], self.get_params(error))

    def get_params(self, error: Mapping[str, Json]) -> dict[str, Json]:
        return error.get("params") or {}


class _EntrySerializer(fields.AnswerSerializer):
    def get_error(self, entry: Mapping[str, Json]) -> Json:
        return entry.get("error") or None


class AttemptSerializer(_EntrySerializer):
    """One try of a step."""

    started_at = fields.Moment(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    error = StepErrorSerializer(allow_null=True)


class StepSerializer(_EntrySerializer):
    """A step that was done, or is under way: then its status is the run's."""

    name = serializers.CharField(source="step_name")
    label = serializers.CharField()  # type: ignore[assignment]  # a field
    action = serializers.CharField()
    status = serializers.CharField(
        help_text=f"{', '.join(StepStatus)}; of the step under way: queued, running or waiting."
    )
    reason = serializers.CharField(allow_null=True, help_text="Why it was skipped.")
    input = fields.MaskedJson(allow_null=True, help_text="The params as they were filled in.")
    output = fields.MaskedJson(allow_null=True)
    error = StepErrorSerializer(allow_null=True)
    started_at = fields.Moment(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    record_values = serializers.JSONField(
        allow_null=True,
        help_text="Of a step retried with the record's values: `read_at`, and what had `changed`.",
    )
    attempts = AttemptSerializer(many=True, help_text="All tries, if there was more than one.")

    def get_label(self, entry: Mapping[str, Json]) -> str:
        name: str = entry["step_name"]
        return self.context["labels"].get(name) or name

    def get_attempts(self, entry: Mapping[str, Json]) -> Json:
        return entry.get("attempts", ())


class RunDetailSerializer(RunSummarySerializer):
    """Everything about a run."""

    trigger_payload = fields.MaskedObject()
    steps = StepSerializer(many=True)
    crashes = serializers.IntegerField()
    due_at = fields.Moment(
        allow_null=True, help_text="null: the run has ended, or no clock wakes it."
    )
    deadline_at = fields.Moment(allow_null=True)
    waits_for = serializers.CharField(
        allow_null=True, help_text="A sentence in the request's language."
    )
    cancel_requested_at = fields.Moment(allow_null=True)
    parent_run = serializers.UUIDField(
        allow_null=True, help_text="The run that started this one as a part, and waits for it."
    )
    item_index = serializers.IntegerField(
        allow_null=True, help_text="Of a part: which of the step's parts it is, from 0."
    )
    item = fields.MaskedJson(allow_null=True, help_text="Of a part: what it works on.")
    retried_from = serializers.UUIDField(allow_null=True)
    taken_by = serializers.CharField(allow_null=True, help_text="Who sees to it.")
    taken_at = fields.Moment(allow_null=True)

    def to_representation(self, instance: RunHistory) -> dict[str, Json]:
        """Return everything about the run, its sentences in the request's language."""
        self.history = instance
        self.context["labels"] = instance.labels
        return super().to_representation(instance.run)

    def get_trigger_payload(self, run: WorkflowRun) -> Json:
        """Return the payload with exact numbers."""
        return self.history.payload

    def get_item(self, run: WorkflowRun) -> Json:
        """Return the item with exact numbers."""
        return self.history.item

    def get_steps(self, run: WorkflowRun) -> list[Json]:
        pending = self.history.pending
        if not pending or "step_name" not in pending:
            return [*self.history.entries]
        if not RunStatus(run.status).has_ended:
            return [*self.history.entries, {**pending, "status": run.status}]
        # Its workers died in it, until the run was given up.
        error = {"code": run.error_code, "params": {"crashes": run.crashes}}
        failed = {"status": StepStatus.FAILED, "error": error if run.error_code else None}
        return [*self.history.entries, {**pending, **failed}]

    def get_error(self, run: WorkflowRun) -> dict[str, Json] | None:
        """Return its error with a sentence that is made with the figures of the step's."""
        error = super().get_error(run)
        return error and {**error, "message": sentence(error["code"], self._error_params(run))}

    def get_due_at(self, run: WorkflowRun) -> Any:
        return None if is_put_off(run) else run.due_at

    def get_waits_for(self, run: WorkflowRun) -> str | None:
        if run.status not in {RunStatus.WAITING, RunStatus.QUEUED}:
            return None
        run.step_results, run.pending = list(self.history.entries), self.history.pending
        return waits(facts_of(run, plans_of([run]))) or None

    def _error_params(self, run: WorkflowRun) -> Json:
        errors = (
            entry["error"]
            for entry in reversed(self.history.entries)
            if entry["step_name"] == run.error_step and entry.get("error")
        )
        told = next((error for error in errors if error["code"] == run.error_code), None)
        # An error that no step made, like a worker's death, has the run's own figures.
        return told.get("params") if told else {"crashes": run.crashes}


# The answer to who acts on a run.
RUN_AFTER: Final = PolymorphicProxySerializer(
    "RunAfter", serializers=[RunDetailSerializer, RunBriefSerializer], resource_type_field_name=None
)


class RunParameters(requests.PageParameters, requests.AboutRecord):
    """Which runs are asked for."""

    things = "Runs"
    status = requests.ChoiceParameter([*RunStatus], help_text="Only runs in this status.")
    workflow = requests.TextParameter(help_text="Only runs of the workflow with this key.")
    trigger_type = requests.TextParameter(help_text="Only runs that this type of event started.")
    order_id = requests.TextParameter(help_text="Only runs whose payload has this `order_id`.")
    subject_type = requests.SubjectParameter(
        "subject_id", help_text="With `subject_id`: only runs about this record."
    )
    subject_id = requests.SubjectParameter("subject_type", help_text="With `subject_type`.")
    event_id = requests.UuidParameter(help_text="Only runs that this event started.")
    parent_run = requests.UuidParameter(help_text="The parts of this run. Without it: whole runs.")
    created_after = requests.MomentParameter(
        help_text="From this moment on (ISO 8601 with its offset)."
    )
    created_before = requests.MomentParameter(
        help_text="Before this moment (ISO 8601 with its offset)."
    )


class RetrySerializer(requests.BodySerializer):
    """How a run is retried."""

    problem = "invalid_retry"
    version = requests.ExpectingChoiceField(
        f"{OWN} or {NEWEST}",
        choices=[OWN, NEWEST],
        required=False,
        help_text="Of a new run: the version of this run, or the one published now.",
    )
    payload = requests.Object(
        "an object",
        required=False,
        allow_null=True,
        help_text="A corrected payload, whole. Of a new run only.",
    )
    values = requests.ExpectingChoiceField(
        f"{TRIGGER} or {RECORD}",
        choices=[TRIGGER, RECORD],
        required=False,
        help_text=(
            "`record`: what the record that the run is about says today. From the failed step, "
            "that step alone reads it, and says so in `record_values`; a new run has it as payload."
        ),
    )

    step = requests.Text(
        "the name of a step that failed",
        required=False,
        max_length=100,
        help_text=(
            "From `failed_step`: which one. Where the run went on behind it, it alone is done "
            "again. Also of a part of a run, whose whole goes on for it."
        ),
    )
    correct = requests.Object(
        "an object with one member, whose value is a text",
        required=False,
        allow_null=True,
        help_text="From `failed_step`: what this step reads in the place of one of the payload's.",
    )
    write_back = requests.Boolean(
        "true or false",
        required=False,
        help_text="With `correct`: whether the record that the run is about gets the value too.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        begin = requests.Text(
            f"{FAILED_STEP}, {START}, or the name of a step",
            required=False,
            max_length=100,
            help_text="`failed_step` (unless said), `start`, or the name of a step.",
        )
        return {"from": begin, **super().get_fields()}

    def validate(self, attrs: dict[str, Json]) -> dict[str, Json]:
        """Return the wish with what is usual where nothing is said."""
        usual: dict[str, Json] = {"from": FAILED_STEP, "version": OWN, "values": TRIGGER}
        usual |= {"payload": None, "step": "", "correct": None, "write_back": False}
        wish = {**usual, **attrs}
        is_same_run = wish["from"] == FAILED_STEP
        expected = {}
        if wish["payload"] is not None and wish["values"] == RECORD:
            expected["payload"] = f"none, or another “values” than {RECORD}"
        # The run that failed goes on as it was made.
        elif is_same_run and wish["version"] == NEWEST:
            expected["version"] = OWN
        elif is_same_run and wish["payload"] is not None:
            expected["payload"] = f"none, or another “from” than {FAILED_STEP}"
        elif wish["step"] and not is_same_run:
            expected["step"] = f"none, or {FAILED_STEP} as “from”"
        elif wish["correct"] is not None:
            expected |= _of_a_correction(wish, is_same_run=is_same_run)
        if expected:
            raise serializers.ValidationError(expected)
        return wish


def _of_a_correction(wish: dict[str, Any], *, is_same_run: bool) -> dict[str, str]:
    """Return what is expected of one that cannot be used; {} of one that can."""
    values = list(wish["correct"].values())
    if not is_same_run or wish["values"] == RECORD:
        return {"correct": f"none, or {FAILED_STEP} as “from” and {TRIGGER} as “values”"}
    if len(values) != 1 or not isinstance(values[0], str):
        return {"correct": "an object with one member, whose value is a text"}
    return {}


class DoneSerializer(requests.BodySerializer):
    """Which step was done by hand."""

    problem = "invalid_retry"
    step = requests.Text(
        "the name of a step that failed",
        required=False,
        max_length=100,
        help_text="Unless said, the step that stopped the run, or else the first that failed.",
    )
