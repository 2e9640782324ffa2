"""Where a message stands: what is published, what is written, and what steps say instead."""

from dataclasses import dataclass

from actions.models.message_template import MessageTemplate
from tenants.core.json import Json
from workflows.definition.blocks import all_steps, mapping
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.actors import actor_words
from workflows.presentation.messages import changes_told
from workflows.presentation.times import short_moment
from workflows.presentation.vocabulary import step_label
from workflows.services.definitions.usage import used_by


@dataclass(frozen=True, slots=True)
class DraftTold:
    """A draft, as the page speaks of it."""

    who: str
    when: str
    is_first: bool  # nothing is published yet
    changes: list[str]


@dataclass(frozen=True, slots=True)
class OwnSubject:
    """A step that sends the message with a subject of its own."""

    definition: WorkflowDefinition
    step: str
    subject: str


def draft_told(template: MessageTemplate) -> DraftTold | None:
    """Return the draft in words, if there is one. The columns may hold it already."""
    if not isinstance(template.draft, dict):
        return None
    is_first = not template.version
    stored = MessageTemplate.objects.get(pk=template.pk)
    return DraftTold(
        who=actor_words(template.drafted_by),
        when=short_moment(template.drafted_at),
        is_first=is_first,
        changes=[] if is_first else changes_told(stored.content, stored.draft),
    )


def own_subjects(template: MessageTemplate) -> list[OwnSubject]:
    """Return the steps that say what the subject is, whatever stands in the message."""
    uses = used_by(template.tenant, f"message_template:{template.channel}", template.key)
    return [
        OwnSubject(use.definition, step_label(step), str(subject))
        for use in uses
        for step, subject in _subjects(use.definition.definition, template.key)
    ]


def _subjects(document: Json, key: str) -> list[tuple[Json, Json]]:
    steps = [(step, mapping(mapping(step).get("params"))) for _path, step in all_steps(document)]
    return [
        (step, params["subject"])
        for step, params in steps
        if params.get("template") == key and params.get("subject")
    ]
