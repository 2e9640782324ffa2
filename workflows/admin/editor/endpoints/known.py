"""What a step can be: an action of the library, or a kind that steers the run. One door to both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from actions import registry
from actions.spec import Effect
from tenants.core.json import Json
from workflows.admin.editor.presentation import kinds
from workflows.definition.kinds import KINDS
from workflows.definition.retry import load_retry
from workflows.presentation.badges import action_label


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What the editor says of an action or a kind."""

    name: str
    label: str
    description: str
    icon: str
    params: Mapping[str, Json]  # JSON Schema with words and hints
    output: Mapping[str, Json] | None = None
    summary: str = ""  # pattern of the card's line
    steers: bool = False  # a kind: no retry, no timeout
    may_repeat: bool = False  # after a crash a person is asked, unless `after_crash` says otherwise
    usual_tries: str = ""  # in words, where it is tried otherwise than most; "": like most
    may_ask: bool = False  # it is done again, unless `after_crash` says otherwise
    new: Json = field(default_factory=dict)  # params of a step that was just added
    blocks: Mapping[str, Json] = field(default_factory=dict)  # list -> a new block of it


def all_known() -> Iterator[KnownNames]:
    """Yield the actions, then the kinds in the order in which people look for them."""
    for spec in registry.all_actions():
        yield _action(spec)
    yield from (_kind(name) for name in kinds.PRESENTATIONS)


def known(name: object) -> KnownNames | None:
    if isinstance(name, str) and name in KINDS:
        return _kind(name)
    try:
        return _action(registry.get(str(name)))
    except registry.UnknownAction:
        return None


def params_of(name: object) -> Mapping[str, Json] | None:
    if isinstance(name, str) and name in KINDS:
        return kinds.dressed(name)
    try:
        return registry.get(str(name)).params
    except registry.UnknownAction:
        return None


def _action(spec: Any) -> KnownNames:
    return KnownNames(
        name=spec.name,
        label=str(spec.label),
        description=str(spec.description),
        icon=spec.icon,
        params=spec.params,
        output=spec.output,
        summary=str(spec.ui.get("summary") or ""),
        usual_tries=_usual_tries(spec.retry),
        may_repeat=spec.effect == Effect.NOT_REPEATABLE,
        may_ask=spec.effect == Effect.REPEATABLE and not spec.is_local,
    )


def _usual_tries(retry: Mapping[str, Json]) -> str:
    if not retry:
        return ""
    policy = load_retry(retry)
    words = {"tries": policy.attempts, "hours": round(policy.in_all.total_seconds() / 3600)}
    return (
        _("Try again as usual: %(tries)s times in all, ever more rarely, for about %(hours)s hours")
        % words
    )


def _kind(name: str) -> KnownNames:
    shown = kinds.PRESENTATIONS[name]
    return KnownNames(
        name=name,
        label=action_label(name),
        description=str(shown.description),
        icon=shown.icon,
        params=kinds.dressed(name),
        steers=True,
        new=shown.new(),
        blocks={path: make() for path, make in shown.blocks.items()},
    )
