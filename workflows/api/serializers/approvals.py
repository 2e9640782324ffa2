"""Approvals: what is told of them, which are asked for, and how a decision arrives."""

from collections.abc import Sequence
from typing import Any, Final

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from tenants.core.json import Json
from workflows.api.serializers import fields, requests
from workflows.api.serializers.runs import RunLinkSerializer, WorkflowNameSerializer
from workflows.models.approval import WorkflowApproval
from workflows.presentation.approvals import ApprovalState
from workflows.services.approvals.answers import Field, FieldType, Option, fields_of, options_of
from workflows.services.approvals.page import chosen
from workflows.services.approvals.queries import FoundApproval

MAX_NAME: Final = 100


class ApprovalOptionSerializer(serializers.Serializer[Option]):
    """Something to choose."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field


class ApprovalFieldSerializer(fields.AnswerSerializer):
    """A field of the form that goes with a decision."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field
    type = serializers.CharField(help_text=", ".join(FieldType))
    required = serializers.BooleanField(  # type: ignore[assignment]  # a field
        help_text="Whatever is chosen."
    )
    required_for = serializers.ListField(
        child=serializers.CharField(), help_text="The keys of the choices that need an answer."
    )
    options = ApprovalOptionSerializer(many=True, help_text="Of a field of type choice.")

    def get_required_for(self, field: Field) -> list[str]:
        """Return the keys in an order that stays."""
        return sorted(field.required_for)


class ApprovalDecisionSerializer(fields.AnswerSerializer):
    """Who decided what and when."""

    choice = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field
    answers = fields.JsonObject()
    decided_by = serializers.CharField()
    decided_via = serializers.CharField(help_text="admin, link, api or timeout")
    decided_at = fields.Moment()

    def get_label(self, row: WorkflowApproval) -> str:
        return chosen(row)

    def get_answers(self, row: WorkflowApproval) -> dict[str, Json]:
        return row.answers or {}


class ApprovalBriefSerializer(fields.AnswerSerializer):
    """What a key without `runs:read` is told of an approval that it decided."""

    id = serializers.UUIDField(source="approval.id")
    url = fields.RowAddressField("api-approval", source="approval.id")
    status = serializers.CharField(source="state")
    decision = ApprovalDecisionSerializer()

    def get_decision(self, found: FoundApproval) -> WorkflowApproval | None:
        return None if found.approval.decided_at is None else found.approval


class ApprovalSerializer(ApprovalBriefSerializer):
    """A question that a run has put to people."""

    status = serializers.CharField(source="state", help_text=", ".join(ApprovalState))
    workflow = WorkflowNameSerializer(source="run", allow_null=True)
    run = RunLinkSerializer(source="approval.run_id")
    step = serializers.CharField(source="approval.step_name")
    title = serializers.CharField(source="approval.title")
    message = fields.MaskedText(source="approval.message")
    approvers = serializers.ListField(
        source="approval.approvers",
        child=serializers.CharField(),
        help_text="User names, mail addresses, `role:<role>`, `key:<name>`.",
    )
    choices = ApprovalOptionSerializer(many=True)
    form = ApprovalFieldSerializer(many=True)
    allow_self = serializers.BooleanField(source="approval.allow_self")
    requested_by = serializers.CharField(source="approval.requested_by")
    requesters = serializers.ListField(
        child=serializers.CharField(), help_text="Everybody behind the run: none of them decides."
    )
    created_at = fields.Moment(source="approval.created_at")
    expires_at = fields.Moment(source="approval.expires_at", allow_null=True)
    decision = ApprovalDecisionSerializer(allow_null=True)

    def get_choices(self, found: FoundApproval) -> Sequence[Option]:
        return options_of(found.approval.choices)

    def get_form(self, found: FoundApproval) -> Sequence[Field]:
        return fields_of(found.approval.form)

    def get_requesters(self, found: FoundApproval) -> list[str]:
        """Return everybody behind the run; nobody noted them of an old one."""
        return found.approval.requesters or []


class ApprovalPageSerializer(serializers.Serializer[Any]):
    """Some approvals, newest first."""

    results = ApprovalSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="null: there are no more.")


# The answer to who decides.
APPROVAL_AFTER: Final = PolymorphicProxySerializer(
    "ApprovalAfter",
    serializers=[ApprovalSerializer, ApprovalBriefSerializer],
    resource_type_field_name=None,
)


class ApprovalParameters(requests.PageParameters):
    """Which approvals are asked for."""

    things = "Approvals"
    status = requests.ChoiceParameter(
        [ApprovalState.OPEN, ApprovalState.DECIDED], help_text="Only approvals that stand so."
    )


class DecisionSerializer(requests.BodySerializer):
    """A decision."""

    problem = "invalid_decision"
    choice = requests.Text("text", allow_blank=True, help_text="The key of a choice.")
    answers = requests.Object(
        "object", required=False, help_text="By the keys of the form's fields."
    )
    on_behalf_of = requests.MailAddressField(
        "text, 120",
        required=False,
        help_text="Who decides: a mail address among the approvers.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Add `as`, which is no name in Python."""
        who = requests.Text(
            f"text, {MAX_NAME}",
            in_line=True,
            required=False,
            allow_blank=True,
            max_length=MAX_NAME,
            help_text="Who decided, as the history is to say. Nobody checks it.",
        )
        fields = super().get_fields()
        address = fields.pop("on_behalf_of")
        return {**fields, "as": who, "on_behalf_of": address}
