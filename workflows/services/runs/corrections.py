"""With which values a step is done again: the record's of today, or what a person wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from actions import records
from actions.errors import ActionFailure
from actions.mail.mailboxes import mailbox_of
from actions.phones import to_e164
from tenants.core.json import Json
from tenants.core.values.numbers import as_number, is_storable
from tenants.tracking.signals import acting_as
from workflows.engine.history.resuming import Fresh
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.runtime.database import database_now
from workflows.services.refusals import NotRetryable
from workflows.services.runs.record_values import kind_of, values_of
from workflows.services.runs.starting import refuse_to_mix

Entry = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person wrote in the place of a value that a run was started with."""

    key: str  # of the payload
    text: str
    write_back: bool = False  # also to the record that the run is about


class BadCorrection(Exception):
    """What somebody wrote cannot be the value. `said` is why, in the reader's language."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def fresh_with(
    line: Sequence[WorkflowRun],
    entry: Entry | None,
    actor: str,
    *,
    with_record: bool,
    correction: Correction | None,
) -> Fresh | None:
    """Return the values of one step; None: those that the run began with.

    `line` are the runs from the whole one down to that of the step. What is to be written to the
    record is written. Raises BadCorrection, and NotRetryable: `not_from_a_record`, `record_gone`,
    `values_handed_over`, `asks_on_values_of_the_run`.
    """
    if not with_record and correction is None:
        return None
    root = line[0]
    refuse_to_mix(root)
    if any(one.entry == 0 for one in line[1:]) or calls_beneath(line[-1], entry):
        raise NotRetryable(root.pk, "values_handed_over")
    if correction is None:
        return values_of(root).as_fresh()
    before = root.trigger_payload.get(correction.key)
    code = str(((entry or {}).get("error") or {}).get("code"))
    value = _value(correction.text.strip(), before, code, root)
    if correction.write_back:
        value = _written_back(root, correction.key, value, actor)
    told = {"read_at": database_now().isoformat(), "changed": {correction.key: [before, value]}}
    return Fresh({**root.trigger_payload, correction.key: value}, {**told, "by": actor})


def field_of(run: WorkflowRun, key: str) -> "models.Field[Any, Any] | None":
    """Return the field of the run's record that a person may correct; None: there is none."""
    try:
        kind = kind_of(run)
    except NotRetryable:
        return None
    name = kind.payload.get(key)
    field = records.get(kind.record).field(name) if name else None
    if field is None or field.primary_key or field.is_relation or not field.editable:
        return None
    return field


def calls_beneath(run: WorkflowRun, entry: Entry | None) -> bool:
    """Whether a called workflow would go on with the step: its values were handed to it."""
    ends = (entry or {}).get("children")
    wrong = (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.COMPLETED_WITH_ERRORS)
    own = WorkflowRun.objects.filter(tenant=run.tenant_id, status__in=wrong)
    level: list[tuple[UUID, int]] = []
    if ends:
        of_step = own.filter(parent_run=run.pk, pk__gte=ends[0], pk__lte=ends[1])
        level = list(of_step.values_list("pk", "entry"))
    while level:
        if any(begin == 0 for _, begin in level):
            return True
        below = own.filter(parent_run__in=[pk for pk, _ in level])
        level = list(below.values_list("pk", "entry"))
    return False


def _value(text: str, before: Json, code: str, run: WorkflowRun) -> Json:
    """Return the value as the payload has it, or raise BadCorrection."""
    if not text:
        raise BadCorrection(refusal_sentence("no_value_written"))
    try:
        if code == "bad_phone":
            to_e164(text, run.tenant.facts().country)
        elif code == "bad_mail_address":
            mailbox_of(text, "to")
    except ActionFailure as refused:
        raise BadCorrection(sentence(refused.code, refused.params)) from None
    if isinstance(before, bool) or not isinstance(before, int | Decimal):
        return text
    number = as_number(text)
    if number is None or not is_storable(number):
        raise BadCorrection(refusal_sentence("no_number_written"))
    is_whole = isinstance(before, int) and number == number.to_integral_value()
    return int(number) if is_whole else number


def _written_back(run: WorkflowRun, key: str, value: Json, actor: str) -> Json:
    """Write the value to the record, as a person's change; return it as the record has it."""
    field = field_of(run, key)
    if field is None:
        raise NotRetryable(run.pk, "not_from_a_record")
    rows = records.get(run.subject_type).model._base_manager.select_for_update()
    row = rows.filter(tenant_id=run.tenant_id, pk=run.subject_id).first()
    if row is None:
        raise NotRetryable(run.pk, "record_gone")
    setattr(row, field.attname, value)
    others = [one.name for one in row._meta.fields if one.name != field.name]
    try:
        row.clean_fields(exclude=others)
        with acting_as(actor), transaction.atomic():
            row.save(update_fields=[field.name])
    except ValidationError as wrong:
        raise BadCorrection(" ".join(wrong.messages)) from None
    except IntegrityError:
        raise BadCorrection(refusal_sentence("refused_by_record")) from None
    return values_of(run).payload[key]
