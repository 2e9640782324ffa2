"""The shapes of approvals, to describe the API by. `approving` makes them; a test compares."""

from typing import Any, Final

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from workflows.api.shapes import RunLink, WorkflowName
from workflows.presentation.approvals import ApprovalState
from workflows.services.approvals.answers import FieldType


class ApprovalOption(serializers.Serializer[object]):
    """Something to choose."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field


class ApprovalField(serializers.Serializer[object]):
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
    options = ApprovalOption(many=True, help_text="Of a field of type choice.")


class ApprovalDecision(serializers.Serializer[object]):
    """Who decided what and when."""

    choice = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field
    answers = serializers.DictField(child=serializers.JSONField(allow_null=True))
    decided_by = serializers.CharField()
    decided_via = serializers.CharField(help_text="admin, link, api or timeout")
    decided_at = serializers.DateTimeField()


class Approval(serializers.Serializer[object]):
    """A question that a run has put to people."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    status = serializers.CharField(help_text=", ".join(ApprovalState))
    workflow = WorkflowName(allow_null=True)
    run = RunLink()
    step = serializers.CharField()
    title = serializers.CharField()
    message = serializers.CharField()
    approvers = serializers.ListField(
        child=serializers.CharField(),
        help_text="User names, mail addresses, `role:<role>`, `key:<name>`.",
    )
    choices = ApprovalOption(many=True)
    form = ApprovalField(many=True)
    allow_self = serializers.BooleanField()
    requested_by = serializers.CharField()
    requesters = serializers.ListField(
        child=serializers.CharField(), help_text="Everybody behind the run: none of them decides."
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    decision = ApprovalDecision(allow_null=True)


class ApprovalBrief(serializers.Serializer[object]):
    """What a key without `runs:read` is told of an approval that it decided."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    status = serializers.CharField()
    decision = ApprovalDecision()


# The answer to who decides.
APPROVAL_AFTER: Final = PolymorphicProxySerializer(
    "ApprovalAfter", serializers=[Approval, ApprovalBrief], resource_type_field_name=None
)


class ApprovalPage(serializers.Serializer[object]):
    """Some approvals, newest first."""

    results = Approval(many=True)
    next = serializers.URLField(allow_null=True, help_text="null: there are no more.")


class Decision(serializers.Serializer[object]):
    """A decision."""

    choice = serializers.CharField(help_text="The key of a choice.")
    answers = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="By the keys of the form's fields.",
    )
    on_behalf_of = serializers.EmailField(
        required=False, help_text="Who decides: a mail address among the approvers."
    )

    def get_fields(self) -> dict[str, Any]:
        """Add `as`, which is no name in Python."""
        who = serializers.CharField(
            required=False, help_text="Who decided, as the history is to say. Nobody checks it."
        )
        return {**super().get_fields(), "as": who}
