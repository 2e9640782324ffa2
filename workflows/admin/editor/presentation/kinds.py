"""The steps that steer a run, as the editor shows them: pictures, fields, and what a new one has.

The language says what their params are (`definition.kinds`), the vocabulary what people call them;
both and the hints for the form are put together here.
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
from workflows.presentation import vocabulary

Hints = Mapping[str, Json]

_EMPTY_ROW: Final = {"field": "", "operator": "equals", "value": ""}
_ASKING: Final = {"all": [_EMPTY_ROW]}  # a condition with one row to fill in
_MORE: Final = {"x-more": True}
_EVENT: Final = {"x-event-type": True}


@dataclass(frozen=True, slots=True)
class KindPresentation:
    """What people see of one kind, beside the titles of its params."""

    description: Any
    icon: str
    # Where in the params ("cases/when": of each case) -> hints laid over the schema there.
    hints: Mapping[str, Hints]
    new: Callable[[], Json] = dict  # the params of a step that was just added
    # Where a list of blocks stands -> a block that was just added.
    blocks: Mapping[str, Callable[[], Json]] = field(default_factory=dict)


def _help(text: Any, **hints: Json) -> Hints:
    return {"description": text, **hints}


def _case(label: Any = "") -> Json:
    named = {"label": str(label)} if label else {}
    return {**named, "when": _ASKING, "steps": []}


def _reminder() -> Json:
    return {"after": "1d", "every": "1d", "at_most": 3, "steps": []}


def usual_choices() -> list[Json]:
    # The labels are message ids of the language's own catalogue of words.
    return [{"key": one["key"], "label": str(_(one["label"]))} for one in USUAL_CHOICES]


_REMINDERS: Final[Mapping[str, Hints]] = {
    "reminders": {"x-one": _("Reminder")},
    "reminders/every": _help(_("Empty: it comes once.")),
    "reminders/at_most": _help(_("Usually 10 times."), **{"x-if": {"every": []}}),
}
_ONE_FAILS: Final = {"x-words": {"continue": _("finish the others"), "stop": _("end the others")}}

PRESENTATIONS: Final[Mapping[str, KindPresentation]] = {
    "branch": KindPresentation(
        _("Goes one of several ways: the first whose condition holds."),
        "branch",
        {
            "cases": {"x-one": _("Path")},
        },
        new=lambda: {"cases": [_case(_("First way"))]},
        blocks={"cases": _case},
    ),
    "parallel": KindPresentation(
        _("Does several things side by side, and goes on when all are done."),
        "parallel",
        {
            "branches": {"x-one": _("Parallel path")},
            "branches/name": _help(
                _("Later steps find its result under it."), **{"x-names": "label"}
            ),
            "branches/result": _help(_("Later steps can read it."), **_MORE),
            "if_one_fails": _ONE_FAILS,
        },
        new=lambda: {
            "branches": [
                {"name": "first", "label": str(_("First lane")), "steps": []},
                {"name": "second", "label": str(_("Second lane")), "steps": []},
            ]
        },
        blocks={"branches": lambda: {"steps": []}},
    ),
    "for_each": KindPresentation(
        _("Does the same steps for every element of a list."),
        "each",
        {
            "items": _help(_("Insert a value that is a list."), **{"x-any": True}),
            "concurrency": _help(_("Usually 5."), **_MORE),
            "result": _help(_("Later steps read the list of them."), **_MORE),
            "if_one_fails": _ONE_FAILS,
        },
    ),
    "repeat": KindPresentation(
        _("Does its steps again and again until a condition holds."),
        "repeat",
        {
            "at_most": _help(_("Then the step counts as failed: not in time.")),
        },
        new=lambda: {"steps": [], "until": _ASKING, "every": "15m", "at_most": 20},
    ),
    "wait": KindPresentation(
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
            "until": _help(_("Insert a date, or write one: 2026-01-31 or 2026-01-31T09:00")),
            "before": {"x-if": {"until": []}},
            "after": {"x-if": {"until": []}},
            "window/days": _help(_("None chosen: every day."), **{"x-days": True}),
        },
        new=lambda: {"for": "1d"},
    ),
    "wait_for_event": KindPresentation(
        _("Pauses until something happens: an event with the right values comes."),
        "hourglass",
        {
            "type": _EVENT,
            "match": _help(
                _("The event that comes has to have these values."), **{"x-payload-of": "type"}
            ),
            "look_back": _help(_("An event that came before the run began counts too."), **_MORE),
            "timeout": _help(_("Empty: for ever.")),
            "on_timeout": {"x-if": {"timeout": []}},
            **_REMINDERS,
        },
        blocks={"reminders": _reminder},
        new=lambda: {"timeout": "7d"},
    ),
    "approval": KindPresentation(
        _("Asks people to decide, and waits for their answer."),
        "person",
        {
            "message": _help(_("Shown beside the question.")),
            "approvers": _help(_("Whoever answers first decides.")),
            "approvers/": {"x-person": True},
            "choices": {"x-one": _("Choice")},
            "choices/key": {"x-names": "label"},
            "form": _help(_("Later steps can use the answers."), **{"x-one": _("Question")}),
            "form/key": {"x-names": "label"},
            "form/type": {
                "x-words": {
                    "text": _("one line"),
                    "long_text": _("longer text"),
                    "number": _("number"),
                    "yes_no": _("yes or no"),
                    "choice": _("one of several"),
                }
            },
            "form/required": _help(_("By whoever does not reject, if no choices are named below.")),
            "form/required_for": _help(
                _("None chosen: as said above."), **{"x-some-of": "choices"}
            ),
            "form/options": {"x-if": {"type": ["choice"]}},
            "timeout": _help(_("Empty: for ever.")),
            "timeout_choice": _help(
                _("Empty: the step fails."), **{"x-one-of": "choices", "x-if": {"timeout": []}}
            ),
            "allow_self": _MORE,
            **_REMINDERS,
        },
        new=lambda: {
            "approvers": [f"role:{Role.OPERATIONS.value}"],
            "choices": usual_choices(),
        },
        blocks={"reminders": _reminder},
    ),
    "run_workflow": KindPresentation(
        _("Runs another workflow, and goes on with what it hands back."),
        "workflow",
        {
            "input": _help(_("It reads this as its event.")),
        },
    ),
    "emit_event": KindPresentation(
        _("Tells other workflows that something has happened."),
        "signal",
        {
            "type": _EVENT,
            "subject_type": _MORE,
            "subject_id": _MORE,
        },
    ),
    "stop": KindPresentation(
        _("Ends the run here."),
        "stop",
        {
            "outcome": {"x-words": {"completed": _("as done"), "failed": _("as failed")}},
            "message": _help(_("Your colleagues see this in the history.")),
            "scope": _help(
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
    titles, hints = vocabulary.KINDS[name], PRESENTATIONS[name].hints
    said = {at: {"title": title, **hints.get(at, {})} for at, title in titles.items()}
    return _laid_over(
        KINDS[name].params, "", {**said, **{at: hints[at] for at in hints if at not in said}}
    )


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
