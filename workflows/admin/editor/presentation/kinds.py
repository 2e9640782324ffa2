"""The steps that steer a run, as people meet them: names, pictures, fields, and what a new one has.

The language says what their params are (`definition.kinds`); the words and the hints for the form
are laid over its schemas here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.json import Json
from tenants.models.membership import Role
from workflows.definition.kinds import KINDS
from workflows.definition.kinds.waits import USUAL_CHOICES
from workflows.presentation.badges import KIND_LABELS

Hints = Mapping[str, Json]

_EMPTY_ROW: Final = {"field": "", "operator": "equals", "value": ""}
_ASKING: Final = {"all": [_EMPTY_ROW]}  # a condition with one row to fill in
_MORE: Final = {"x-more": True}
_EVENT: Final = {"x-event-type": True}


@dataclass(frozen=True, slots=True)
class Dress:
    """What people see of one kind."""

    description: Any
    icon: str
    # Where in the params ("cases/when": of each case) -> hints laid over the schema there.
    hints: Mapping[str, Hints]
    new: Callable[[], Json] = dict  # the params of a step that was just added
    # Where a list of blocks stands -> a block that was just added.
    blocks: Mapping[str, Callable[[], Json]] = field(default_factory=dict)


def _said(title: Any, text: Any = "", **hints: Json) -> dict[str, Json]:
    said = {"title": title, **hints}
    return {**said, "description": text} if text else said


def _case(label: Any = "") -> Json:
    named = {"label": str(label)} if label else {}
    return {**named, "when": _ASKING, "steps": []}


def _reminder() -> Json:
    return {"after": "1d", "every": "1d", "at_most": 3, "steps": []}


def usual_choices() -> list[Json]:
    """Return the choices of an approval that names none."""
    # The labels are message ids of the language's own catalogue of words.
    return [{"key": one["key"], "label": str(_(one["label"]))} for one in USUAL_CHOICES]


_REMINDERS: Final[Mapping[str, Hints]] = {
    "reminders": _said(_("Reminders"), **{"x-one": _("Reminder")}),
    "reminders/after": _said(_("First after")),
    "reminders/every": _said(_("Then again every"), _("Empty: it comes once.")),
    "reminders/at_most": _said(
        _("How often at most"), _("Usually 10 times."), **{"x-if": {"every": []}}
    ),
    "reminders/steps": _said(_("What the reminder does")),
}
_ONE_FAILS: Final = {"x-words": {"continue": _("finish the others"), "stop": _("end the others")}}

DRESSES: Final[Mapping[str, Dress]] = {
    "branch": Dress(
        _("Goes one of several ways: the first whose condition holds."),
        "branch",
        {
            "cases": _said(_("Ways"), **{"x-one": _("Way")}),
            "cases/label": _said(_("What is this way called?")),
            "cases/when": _said(_("When does it go this way?")),
            "cases/steps": _said(_("Then")),
            "otherwise": _said(_("Otherwise")),
        },
        new=lambda: {"cases": [_case(_("First way"))]},
        blocks={"cases": _case},
    ),
    "parallel": Dress(
        _("Does several things side by side, and goes on when all are done."),
        "parallel",
        {
            "branches": _said(_("Side by side"), **{"x-one": _("Lane")}),
            "branches/label": _said(_("What is this lane called?")),
            "branches/name": _said(
                _("Short name"), _("Later steps find its result under it."), **{"x-names": "label"}
            ),
            "branches/steps": _said(_("Steps")),
            "branches/result": _said(
                _("What it hands back"), _("Later steps can read it."), **_MORE
            ),
            "if_one_fails": _said(_("If one of them fails"), **_ONE_FAILS),
        },
        new=lambda: {
            "branches": [
                {"name": "first", "label": str(_("First lane")), "steps": []},
                {"name": "second", "label": str(_("Second lane")), "steps": []},
            ]
        },
        blocks={"branches": lambda: {"steps": []}},
    ),
    "for_each": Dress(
        _("Does the same steps for every element of a list."),
        "each",
        {
            "items": _said(
                _("For each of these"), _("Insert a value that is a list."), **{"x-any": True}
            ),
            "steps": _said(_("For each one")),
            "concurrency": _said(_("How many at once"), _("Usually 5."), **_MORE),
            "result": _said(
                _("What each one hands back"), _("Later steps read the list of them."), **_MORE
            ),
            "if_one_fails": _said(_("If one of them fails"), **_ONE_FAILS),
        },
    ),
    "repeat": Dress(
        _("Does its steps again and again until a condition holds."),
        "repeat",
        {
            "steps": _said(_("Again and again")),
            "until": _said(_("Until when?")),
            "every": _said(_("Pause between two rounds")),
            "at_most": _said(
                _("How many rounds at most"), _("Then the step counts as failed: not in time.")
            ),
        },
        new=lambda: {"steps": [], "until": _ASKING, "every": "15m", "at_most": 20},
    ),
    "wait": Dress(
        _("Pauses for a while, until a date, or until your opening hours."),
        "clock",
        {
            "": {
                "x-ways": {
                    "title": _("What does it wait for?"),
                    "ways": [
                        {"title": _("For a while"), "members": ["for"]},
                        {
                            "title": _("Until a date or time"),
                            "members": ["until", "before", "after"],
                        },
                        {"title": _("Until certain hours of the week"), "members": ["window"]},
                        {
                            "title": _("For a while, then until certain hours of the week"),
                            "members": ["for", "window"],
                        },
                    ],
                }
            },
            "for": _said(_("How long")),
            "until": _said(
                _("Until"), _("Insert a date, or write one: 2026-01-31 or 2026-01-31T09:00")
            ),
            "before": _said(_("This long before it"), **{"x-if": {"until": []}}),
            "after": _said(_("This long after it"), **{"x-if": {"until": []}}),
            "window": _said(_("Between these hours")),
            "window/days": _said(
                _("On these days"), _("None chosen: every day."), **{"x-days": True}
            ),
            "window/from": _said(_("From")),
            "window/to": _said(_("To")),
        },
        new=lambda: {"for": "1d"},
    ),
    "wait_for_event": Dress(
        _("Pauses until something happens: an event with the right values comes."),
        "hourglass",
        {
            "type": _said(_("It waits until this happens"), **_EVENT),
            "match": _said(
                _("Which one?"),
                _("The event that comes has to have these values."),
                **{"x-payload-of": "type"},
            ),
            "look_back": _said(
                _("It may have come earlier, by"),
                _("An event that came before the run began counts too."),
                **_MORE,
            ),
            "timeout": _said(_("Waits at most"), _("Empty: for ever.")),
            "on_timeout": _said(
                _("If it does not come in time"),
                **{"x-if": {"timeout": []}},
            ),
            **_REMINDERS,
        },
        blocks={"reminders": _reminder},
        new=lambda: {"timeout": "7d"},
    ),
    "approval": Dress(
        _("Asks people to decide, and waits for their answer."),
        "person",
        {
            "title": _said(_("The question")),
            "message": _said(_("What they should know"), _("Shown beside the question.")),
            "approvers": _said(_("Who may decide?"), _("Whoever answers first decides.")),
            "approvers/": {"x-person": True},
            "choices": _said(_("What can they choose?"), **{"x-one": _("Choice")}),
            "choices/label": _said(_("Button")),
            "choices/key": _said(_("Short name"), **{"x-names": "label"}),
            "form": _said(
                _("What else are they asked?"),
                _("Later steps can use the answers."),
                **{"x-one": _("Question")},
            ),
            "form/label": _said(_("Question")),
            "form/key": _said(_("Short name"), **{"x-names": "label"}),
            "form/type": _said(
                _("Kind of answer"),
                **{
                    "x-words": {
                        "text": _("one line"),
                        "long_text": _("longer text"),
                        "number": _("number"),
                        "yes_no": _("yes or no"),
                        "choice": _("one of several"),
                    }
                },
            ),
            "form/required": _said(
                _("Must it be answered?"),
                _("By whoever does not reject, if no choices are named below."),
            ),
            "form/required_for": _said(
                _("It must be answered by who chooses"),
                _("None chosen: as said above."),
                **{"x-some-of": "choices"},
            ),
            "form/options": _said(_("Answers to choose from"), **{"x-if": {"type": ["choice"]}}),
            "timeout": _said(_("Waits at most"), _("Empty: for ever.")),
            "timeout_choice": _said(
                _("If nobody decides in time"),
                _("Empty: the step fails."),
                **{"x-one-of": "choices", "x-if": {"timeout": []}},
            ),
            "allow_self": _said(_("May whoever started it decide?"), **_MORE),
            **_REMINDERS,
        },
        new=lambda: {
            "approvers": [f"role:{Role.OPERATIONS.value}"],
            "choices": usual_choices(),
        },
        blocks={"reminders": _reminder},
    ),
    "run_workflow": Dress(
        _("Runs another workflow, and goes on with what it hands back."),
        "workflow",
        {
            "workflow": _said(_("Which workflow?")),
            "input": _said(_("What it is given"), _("It reads this as its event.")),
        },
    ),
    "emit_event": Dress(
        _("Tells other workflows that something has happened."),
        "signal",
        {
            "type": _said(_("What has happened?"), **_EVENT),
            "payload": _said(_("What others should know of it")),
            "subject_type": _said(_("Kind of the record it is about"), **_MORE),
            "subject_id": _said(_("Number of the record it is about"), **_MORE),
        },
    ),
    "stop": Dress(
        _("Ends the run here."),
        "stop",
        {
            "outcome": _said(
                _("How does it end?"),
                **{"x-words": {"completed": _("as done"), "failed": _("as failed")}},
            ),
            "message": _said(_("Why"), _("Your colleagues see this in the history.")),
            "scope": _said(
                _("What ends?"),
                _("Only matters among the steps for each element of a list."),
                **{
                    "x-words": {"item": _("only this element"), "run": _("the whole run")},
                    **_MORE,
                },
            ),
        },
    ),
}


def dressed(name: str) -> Mapping[str, Json]:
    """Return the schema of a kind's params with the words and hints for the form."""
    return _laid_over(KINDS[name].params, "", DRESSES[name].hints)


def label_of(name: str) -> Any:
    """Return what people call a kind."""
    return KIND_LABELS[name]


def _laid_over(
    schema: Mapping[str, Json], path: str, hints: Mapping[str, Hints]
) -> dict[str, Json]:
    laid = {**schema, **hints.get(path, {})}
    if "properties" in schema:
        members = {f"{path}/{name}".lstrip("/"): name for name in schema["properties"]}
        # In the order of the words: it is that in which people think.
        ordered = sorted(members, key=[*hints, *members].index)
        laid["properties"] = {
            members[at]: _laid_over(schema["properties"][members[at]], at, hints) for at in ordered
        }
    items = schema.get("items")
    if isinstance(items, Mapping) and "properties" in items:
        laid["items"] = _laid_over(items, path, {k: v for k, v in hints.items() if k != path})
    elif isinstance(items, Mapping):
        laid["items"] = {**items, **hints.get(f"{path}/", {})}
    return laid
