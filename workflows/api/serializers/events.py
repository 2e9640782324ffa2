"""Events: what is told when one is fired, and afterwards."""

from collections.abc import Mapping

from rest_framework import serializers
from rest_framework.reverse import reverse

from tenants.core.json import Json
from workflows.api.serializers.fields import (
    AnswerSerializer,
    JsonObject,
    MaskedObject,
    Moment,
    RowAddressField,
)
from workflows.api.serializers.runs import (
    RunLinkSerializer,
    RunSummarySerializer,
    SubjectSerializer,
)
from workflows.models.event import WorkflowEvent
from workflows.presentation.runs.errors import sentence
from workflows.services.events.fire import Fired
from workflows.services.runs.queries import EventHistory

_REASONS = ("started", "filtered_out", "problem", "own_change", "chain_too_long")


class ShortEvaluationSerializer(AnswerSerializer):
    """Whether a workflow that listens started."""

    workflow = serializers.CharField(source="name")
    started = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=_REASONS)


class AcceptedEventSerializer(serializers.Serializer[Fired]):
    """An event that is stored."""

    event_id = serializers.UUIDField()
    trigger_type = serializers.CharField()
    listeners = serializers.IntegerField(help_text="Workflows that listen to this type.")
    runs = RunLinkSerializer(many=True)
    evaluations = ShortEvaluationSerializer(many=True)

    def to_representation(self, instance: Fired) -> dict[str, Json]:
        """Return the answer, the same when it is asked for again.

        By hand: to make the fields anew for each event took 7 % of the time of a request.
        """
        request = self.context["request"]
        return {
            "event_id": str(instance.event_id),
            "trigger_type": self.context["trigger_type"],
            "listeners": instance.listeners,
            "runs": [
                {"id": str(run_id), "url": reverse("api-run", args=[run_id], request=request)}
                for run_id in sorted(instance.run_ids)
            ],
            "evaluations": [
                {"workflow": found.name, "started": found.started, "reason": found.reason}
                for found in instance.evaluations
            ],
        }


class EvaluationSerializer(ShortEvaluationSerializer):
    """Why a workflow that listens did, or did not, start."""

    version = serializers.IntegerField()
    message = serializers.CharField(allow_null=True, help_text="Of a problem.")
    details = JsonObject()

    def get_message(self, kept: Mapping[str, Json]) -> str | None:
        if kept["reason"] != "problem":
            return None
        details = self.get_details(kept)
        return sentence(details.get("code", "problem"), details.get("params"))

    def get_details(self, kept: Mapping[str, Json]) -> dict[str, Json]:
        details: dict[str, Json] = kept.get("details", {})
        return details


class EventDetailSerializer(AnswerSerializer):
    """An event, and what became of it."""

    id = serializers.UUIDField(source="event.id")
    url = RowAddressField("api-event", source="event.id")
    trigger_type = serializers.CharField(source="event.type")
    payload = MaskedObject()
    previous = JsonObject(allow_null=True)
    subject = SubjectSerializer(allow_null=True)
    source = serializers.CharField(source="event.source")  # type: ignore[assignment]  # a field
    actor = serializers.CharField(source="event.actor")
    caused_by_run = serializers.UUIDField(source="event.caused_by_run", allow_null=True)
    created_at = Moment(source="event.created_at")
    evaluations = EvaluationSerializer(source="event.evaluations", many=True)
    runs = RunSummarySerializer(many=True)

    def get_subject(self, history: EventHistory) -> WorkflowEvent | None:
        return history.event if history.event.subject_type else None
