"""What is asked of runs: which ones, and how one is to be retried."""

from typing import Any

from rest_framework import serializers

from tenants.core.json import Json
from workflows.api.serializers import requests
from workflows.engine.statuses import RunStatus

# From where, on which version and with whose values a run is retried.
FAILED_STEP, START = "failed_step", "start"
OWN, NEWEST = "own", "newest"
TRIGGER, RECORD = "trigger", "record"


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
