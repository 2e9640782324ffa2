"""Where in a document something is, in words: the titles under which the editor shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from actions import records, registry
from actions.spec import Effect
from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.definition.changes.change import Key, Outline, Path
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.definition.kinds import kind_named
from workflows.definition.schemas import member, resolved
from workflows.presentation.badges import action_label
from workflows.presentation.runs.errors import sentence
from workflows.presentation.values import payload_fields, spelt_out
from workflows.presentation.values import titles as schema_titles
from workflows.presentation.vocabulary import (
    AFTER_DOUBT,
    CONDITION,
    DOCUMENT,
    KINDS,
    STEP,
    Titles,
    step_label,
)

_NOTHING: Final[Titles] = {}
_CONDITIONS: Final = frozenset({"condition", "trigger_filter"})
_STEPS: Final = frozenset({"steps", "on_failure", "on_error/steps"})
# Facts of a problem that name fields, which stand beside the one that it is about.
_BESIDE: Final = ("key", "other", "param")
_OF_FIELDS: Final = frozenset(
    {Code.REQUIRED, Code.MISSING_PARAM, Code.NEEDS_OTHER, Code.NOT_TOGETHER, Code.NOT_FOR_THIS_STEP}
)

_OF_RECORDS: Final = frozenset({Code.OTHER_RECORD, Code.NO_RECORD})


def place(pointer: str, document: Json) -> str:
    """Return the place in words: “Step 2 “Notify customer”, “Message template””."""
    return listed(titles_along(document, _path(pointer, document), DOCUMENT)) or _(
        "The whole document"
    )


def problem_words(problem: Problem, document: Json) -> tuple[str, str]:
    """Return the place and the sentence of a problem, in which fields have the editor's titles."""
    facts = dict(problem.params)
    if problem.code in _OF_FIELDS:
        above = problem.path.rpartition("/")[0]
        facts |= {name: _title(above, facts[name], document) for name in _BESIDE if name in facts}
        if kind_named(facts.get("action")):
            facts["action"] = action_label(facts["action"])
    if problem.code == Code.CHOOSE_ONE:
        facts["choices"] = [_title(problem.path, one, document) for one in facts["choices"]]
    if problem.code in _OF_RECORDS:
        facts |= {name: _table(facts[name]) for name in ("table", "other") if name in facts}
    return place(problem.path, document), sentence(problem.code, facts)


def _table(alias: object) -> str:
    try:
        return str(records.get(str(alias)).label)
    except records.UnknownRecord:
        return str(alias)


def _title(above: str, key: object, document: Json) -> str:
    path = (*_path(above, document), str(key))
    around, titles = (list(_Walk(document, DOCUMENT).along(one)) for one in (path[:-1], path))
    return titles[-1] if len(titles) > len(around) else str(key)


def _path(pointer: str, document: Json) -> Path:
    """Return the keys of a pointer: numbers where the document has a list, or has nothing."""
    path: list[Key] = []
    here = document
    for part in pointer.split("/")[1:]:
        key: Key = part.replace("~1", "/").replace("~0", "~")
        if part.isdecimal() and not isinstance(here, dict):
            key = int(part)
        here = _at(here, key)
        path.append(key)
    return tuple(path)


def _at(here: Json, key: Key) -> Json:
    try:
        return here[key]
    except (KeyError, IndexError, TypeError):
        return None


def titles_along(content: Json, path: Path, titles: Titles) -> Iterator[str]:
    """Yield a title for each level of a path that has one.

    `titles` says what `content` is: DOCUMENT or STEP.
    """
    walk = _Walk(content, titles)
    for title in walk.along(path):
        # In quotation marks: a title may be a question, or half a sentence of its own.
        yield title if walk.is_number else _("“%(value)s”") % {"value": title}


def titles_below(content: Json, path: Path, titles: Titles) -> dict[str, str]:
    """Return what the members of a value at the end of a path are called, if anybody named them."""
    walk = _Walk(content, titles)
    list(walk.along(path))
    inside = f"{walk.at}/"
    own = {
        at.removeprefix(inside): str(title)
        for at, title in walk.titles.items()
        if at.startswith(inside)
    }
    return {**schema_titles(resolved(walk.schema.get("items", walk.schema), walk.root)), **own}


@dataclass(slots=True)
class _Walk:
    """Goes down into a document, and knows what the level that it stands on is called."""

    here: Json
    titles: Titles
    at: str = ""  # the keys below what `titles` is about
    schema: Mapping[str, Any] = field(default_factory=dict)
    root: Mapping[str, Any] = field(default_factory=dict)
    params: Json = None
    is_number: bool = False  # whether what was said last is a place in a list, and no title

    def along(self, path: Sequence[Key]) -> Iterator[str]:
        for depth, key in enumerate(path):
            above, self.here = self.here, _at(self.here, key)
            self.is_number = False
            if isinstance(key, int):
                yield self._element(key, is_main=depth == 1 and path[0] == "steps")
            elif key == "params" and self.titles is STEP and not self.at:
                self._enter_params(above)
            elif not (self.titles is CONDITION and key in {"all", "any"}):
                title = self._member(key, above)
                # “Step 2” says it.
                if not (depth == 0 and key == "steps" and len(path) > 1):
                    yield title

    def _element(self, index: int, *, is_main: bool) -> str:
        holds_steps = self.schema.get("x-steps") or (not self.schema and self.at in _STEPS)
        self.schema = member(self.schema, self.root, index)
        one = self.here if isinstance(self.here, dict) else {}
        named = one.get("label") or one.get("name")
        if holds_steps:
            self.titles, self.at, self.schema, self.root = STEP, "", {}, {}
            named = step_label(one) if one else None
        if is_main:
            self.is_number = True
            said = _("Step %(number)s “%(name)s”") if named else _("Step %(number)s")
            return said % {"number": index + 1, "name": named}
        if isinstance(named, str):
            return named
        self.is_number = True
        return _("no. %(number)s") % {"number": index + 1}

    def _enter_params(self, step: Json) -> None:
        action = step.get("action") if isinstance(step, dict) else None
        self.schema = self.root = schema_of(step)
        self.params, self.at = self.here, ""
        self.titles = KINDS.get(action, _NOTHING) if isinstance(action, str) else _NOTHING

    def _member(self, key: str, above: Json) -> str:
        self.at = f"{self.at}/{key}".removeprefix("/")
        holder, self.schema = self.schema, member(self.schema, self.root, key)
        title = self._titled(key, holder, above)
        if self.schema.get("x-condition") or self.at in _CONDITIONS:
            self.titles, self.at = CONDITION, ""
        elif self.titles is CONDITION:
            self.at = ""
        return title

    def _titled(self, key: str, holder: Mapping[str, Any], above: Json) -> str:
        if self.titles is STEP and self.at == "after_crash" and _may_ask(above):
            return str(AFTER_DOUBT)
        known = self.titles.get(self.at) or self.schema.get("title")
        return str(known or self._field(key, holder) or spelt_out(key))

    def _field(self, key: str, holder: Mapping[str, Any]) -> str | None:
        """Return the title of a member that another param decides about: a column, for example."""
        if table := holder.get("x-fields-of") or holder.get("x-creatable-fields-of"):
            return column_title(_at(self.params, table), key)
        if self.at.startswith("match/"):
            return payload_fields(str(_at(self.params, "type"))).get(key)
        # The names of values are the author's own words.
        return key if self.at.startswith(("values/", "output/")) else None


def column_title(table: object, name: str) -> str | None:
    """Return what people call a column of a table; None of one that nobody knows."""
    try:
        return capfirst(str(records.get(str(table)).field(name).verbose_name))
    except (records.UnknownRecord, FieldDoesNotExist):
        return None


def part_words(content: Json, path: Path, titles: Titles) -> str:
    """Return the place inside a step or document: ““Values”, “Order id””."""
    return listed(titles_along(content, path, titles)) or _("Everything")


def list_words(taken: Outline, token: str) -> str:
    """Return what people call a list of steps: “the way “High” of “By risk””."""
    step, path = taken.places[token]
    if step is not None:
        return _inner_list_words(taken.steps[step], path)
    return _("the main steps") if path == ("steps",) else _("the steps after a failure")


def _inner_list_words(content: Json, path: Path) -> str:
    told = {"step": step_label(content)}
    match path:
        case ("on_error", *_rest):
            said = _("the steps after an error of “%(step)s”")
        case ("params", "cases", int(), "steps"):
            told["way"] = [*titles_along(content, path[:3], STEP)][-1]
            said = _("the way %(way)s of “%(step)s”")
        case ("params", "branches", int(), "steps"):
            told["lane"] = [*titles_along(content, path[:3], STEP)][-1]
            said = _("the lane %(lane)s of “%(step)s”")
        case ("params", "otherwise"):
            said = _("the “otherwise” of “%(step)s”")
        case ("params", "steps"):
            said = _("the steps inside “%(step)s”")
        case _:
            told["part"] = part_words(content, path, STEP)
            said = _("%(part)s of “%(step)s”")
    return said % told


def schema_of(content: Json) -> Mapping[str, Any]:
    """Return the schema of a step's params; {} of anything else."""
    action = content.get("action") if isinstance(content, dict) else None
    kind = kind_named(action)
    if kind is not None:
        return kind.params
    try:
        return registry.get(action).params if isinstance(action, str) else {}
    except registry.UnknownAction:
        return {}


def _may_ask(step: Json) -> bool:
    """Say whether a step is done again after a crash, so that asking is what somebody may want."""
    try:
        spec = registry.get(step["action"])
    except (KeyError, TypeError, registry.UnknownAction):
        return False
    return spec.effect == Effect.REPEATABLE and not spec.is_local
