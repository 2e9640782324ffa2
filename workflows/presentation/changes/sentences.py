"""What differs between two documents, as operations staff say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.definition.changes.change import (
    ChangeCode,
    DocumentChange,
    Path,
    StepList,
    outline,
    value_at,
)
from workflows.definition.changes.differ import NEW, OLD, diff, old_names
from workflows.presentation.badges import action_label
from workflows.presentation.changes.raw import Parts, marks
from workflows.presentation.changes.values import (
    is_condition,
    is_row,
    pair_words,
    value_words,
)
from workflows.presentation.documents.places import list_words, part_words, titles_below
from workflows.presentation.values import spelt_out
from workflows.presentation.vocabulary import DOCUMENT, STEP, Titles, step_label

MAX_NAMED: Final = 3  # things in one line; of more, the rest are counted
LONG: Final = 60  # characters; the differing words of longer texts are marked


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    """One change: a sentence, and what it compares."""

    text: str
    place: str = ""
    part: str = ""  # the outermost part of the place
    old: str = ""
    new: str = ""
    texts: tuple[str, str] | None = None  # both sides of long texts

    @property
    def marked(self) -> tuple[Parts, Parts] | None:
        """Return both sides of long texts in pieces, the differing ones marked."""
        return marks(*self.texts) if self.texts else None


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """What changed in one step, or in the workflow itself."""

    title: str
    tone: str  # "added", "removed", "moved" or "changed"
    is_step: bool
    lines: tuple[ChangeInWords, ...]


def told(old: Json, new: Json) -> list[ChangedPart]:
    """Return everything that differs: the workflow itself, then its steps in their new order."""
    return _SentenceBuilder(old, new).groups()


def sentences(groups: Sequence[ChangedPart]) -> Iterator[str]:
    """Yield the changes as lines of plain text."""
    for group in groups:
        for line in group.lines:
            yield _("%(place)s: %(change)s") % {"place": group.title, "change": line.text}


def one_line(groups: Sequence[ChangedPart]) -> str:
    """Return what changed in one line; "" if nothing did."""
    if len(groups) == 1 and len(groups[0].lines) == 1:
        return next(sentences(groups))
    by_tone = {
        tone: [title for group in groups if group.tone == tone for title in _titles(group)]
        for tone in ("added", "removed", "moved", "changed")
    }
    said = {
        "added": _("added: %(what)s"),
        "removed": _("removed: %(what)s"),
        "moved": _("moved: %(what)s"),
        "changed": _("changed: %(what)s"),
    }
    parts = [said[tone] % {"what": _named(titles)} for tone, titles in by_tone.items() if titles]
    line = _("; ").join(parts)
    return line[:1].upper() + line[1:]


def _titles(group: ChangedPart) -> list[str]:
    if group.is_step:
        return [group.title]
    return list(dict.fromkeys(line.part for line in group.lines))


def _named(titles: Sequence[str]) -> str:
    shown = [_("“%(value)s”") % {"value": title} for title in titles[:MAX_NAMED]]
    left = len(titles) - MAX_NAMED
    if left > 0:
        shown.append(ngettext("%(count)s more", "%(count)s more", left) % {"count": left})
    return listed(shown)


class _SentenceBuilder:
    """Two documents, and how to speak of what differs between them."""

    def __init__(self, old: Json, new: Json) -> None:
        self.changes = diff(old, new)
        self.old, self.new = outline(old, OLD), outline(new, NEW)
        self.events = _event_of(old), _event_of(new)
        # A renamed step has its old id in the changes.
        names = old_names(self.old, self.new)
        self.names: dict[str | None, str] = {before: after for after, before in names.items()}

    def groups(self) -> list[ChangedPart]:
        order = [None, *self.new.steps, *self.old.steps]
        own: dict[str | None, list[DocumentChange]] = {}
        for change in self.changes:
            own.setdefault(self.names.get(change.step, change.step), []).append(change)
        return [self._group(step, own.pop(step)) for step in order if step in own]

    def _group(self, step: str | None, changes: list[DocumentChange]) -> ChangedPart:
        lines = tuple(self._lines(changes))
        if step is None:
            return ChangedPart(_("The workflow itself"), "changed", is_step=False, lines=lines)
        content = self.new.steps.get(step, self.old.steps.get(step))
        codes = {change.code for change in changes}
        tone = "changed"
        if ChangeCode.STEP_ADDED in codes:
            tone = "added"
        elif ChangeCode.STEP_REMOVED in codes:
            tone = "removed"
        elif codes == {ChangeCode.STEP_MOVED}:
            tone = "moved"
        return ChangedPart(step_label(content), tone, is_step=True, lines=lines)

    def _lines(self, changes: Sequence[DocumentChange]) -> Iterator[ChangeInWords]:
        swapped = _swapped_groups(changes)
        for change in changes:
            if (path := swapped.get(id(change))) is not None:
                if change.code == ChangeCode.VALUE_ADDED:
                    yield self._swapped(change, path)
                continue
            match change.code:
                case ChangeCode.STEP_ADDED:
                    yield from self._step_added(change)
                case ChangeCode.STEP_REMOVED:
                    where = list_words(self.old, change.params["list"])
                    text = _("Step removed from %(where)s.") % {"where": where}
                    yield ChangeInWords(text, old=_action_of(change.params["old"]))
                case ChangeCode.STEP_MOVED:
                    yield self._step_moved(change)
                case _:
                    yield self._value(change)

    def _step_added(self, change: DocumentChange) -> Iterator[ChangeInWords]:
        content = change.params["new"]
        where = self._where(change.params["list"], change)
        told = {"action": _action_of(content), "where": where}
        yield ChangeInWords(_("Step added: %(action)s, %(where)s.") % told, new=told["action"])
        if not isinstance(content, dict):
            return
        for path, value in _said(content):
            place = part_words(content, path, STEP)
            members = titles_below(content, path, STEP)
            words = value_words(value, str(path[-1]), members, self.events[1])
            text = _("%(place)s: %(value)s") % {"place": place, "value": words}
            yield ChangeInWords(text, place, new=words)

    def _step_moved(self, change: DocumentChange) -> ChangeInWords:
        before, after = change.params["list"], change.params["new_list"]
        where = self._where(after, change)
        old = list_words(self.old, before)
        if before == after:
            return ChangeInWords(
                _("Step moved: now %(where)s.") % {"where": where}, old=old, new=where
            )
        text = _("Step moved out of %(old)s: now %(where)s.") % {"old": old, "where": where}
        return ChangeInWords(text, old=old, new=where)

    def _where(self, token: str, change: DocumentChange) -> str:
        step = self.names.get(change.step, change.step)
        taken = token if token in self.new.lists else self._new_token(str(step))
        steps, to = self.new.lists[taken], change.params["to"]
        told = {"list": list_words(self.new, taken)}
        if to == 0:
            return _("as the first of %(list)s") % told
        told["step"] = step_label(self.new.steps[steps[to - 1]])
        return _("after “%(step)s” in %(list)s") % told

    def _new_token(self, step: str) -> str:
        return next(token for token, steps in self.new.lists.items() if step in steps)

    def _value(self, change: DocumentChange) -> ChangeInWords:
        content = self._content(change)
        params = change.params
        path = change.path
        key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        if path and isinstance(path[-1], int) and is_row(params.get("old")):
            # A row of a condition says itself which it is.
            path = path[:-1]
        place = part_words(content, path, _titles_of(change))
        old, new = self._both(params, key, titles_below(content, path, _titles_of(change)))
        told = {"place": place, "old": old, "new": new}
        text = str(_SENTENCES[change.code]()) % told
        before, after = params.get("old"), params.get("new")
        texts = (str(before), str(after)) if _is_long(before) and _is_long(after) else None
        return ChangeInWords(text, place, _part(change), old, new, texts)

    def _both(self, params: Any, key: str, members: Titles) -> tuple[str, str]:
        if "old" in params and "new" in params:
            return pair_words(params["old"], params["new"], key, members)
        if "old" in params:
            return value_words(params["old"], key, members, self.events[0]), ""
        return "", value_words(params["new"], key, members, self.events[1])

    def _swapped(self, change: DocumentChange, path: Path) -> ChangeInWords:
        """Say that a condition wants one of its rows now, or all of them."""
        content = self._content(change)
        place = part_words(content, path, _titles_of(change))
        old = value_words(value_at(content, path), "", event_type=self.events[0])
        group = {str(change.path[-1]): change.params["new"]}
        new = value_words(group, "", event_type=self.events[1])
        told = {"place": place, "old": old, "new": new}
        text = str(_SENTENCES[ChangeCode.VALUE_CHANGED]()) % told
        return ChangeInWords(text, place, _part(change), old, new)

    def _content(self, change: DocumentChange) -> Json:
        return self.old.head if change.step is None else self.old.steps[change.step]


_SENTENCES: Final = {
    ChangeCode.VALUE_ADDED: lambda: _("%(place)s is new: %(new)s."),
    ChangeCode.VALUE_REMOVED: lambda: _("%(place)s is gone. It was %(old)s."),
    ChangeCode.VALUE_CHANGED: lambda: _("%(place)s changed from %(old)s to %(new)s."),
    ChangeCode.ITEM_ADDED: lambda: _("%(place)s: added %(new)s."),
    ChangeCode.ITEM_REMOVED: lambda: _("%(place)s: removed %(old)s."),
    ChangeCode.ITEM_MOVED: lambda: _("%(place)s: moved %(old)s to another place."),
}


def _titles_of(change: DocumentChange) -> Titles:
    return DOCUMENT if change.step is None else STEP


def _part(change: DocumentChange) -> str:
    if not change.path:
        return _("Everything")
    key = str(change.path[0])
    return str(_titles_of(change).get(key) or spelt_out(key))


def _is_long(value: Json) -> bool:
    return isinstance(value, str) and len(value) > LONG


def _swapped_groups(changes: Sequence[DocumentChange]) -> dict[int, Path]:
    """Return the pairs of changes by which “all” became “any” or the other way round."""
    ways = {
        (change.step, change.path[:-1], change.path[-1]): change
        for change in changes
        if change.code in {ChangeCode.VALUE_ADDED, ChangeCode.VALUE_REMOVED} and change.path
    }
    found: dict[int, Path] = {}
    for (step, path, key), change in ways.items():
        other = ways.get((step, path, {"all": "any", "any": "all"}.get(str(key), "")))
        is_pair = other is not None and other.code != change.code
        group = {key: change.params.get("new", change.params.get("old"))}
        if is_pair and is_condition(group):
            found[id(change)] = path
    return found if len(found) % 2 == 0 else {}


def _said(content: dict[str, Json]) -> Iterator[tuple[Path, Json]]:
    """Yield what a new step says, without the steps inside it."""
    params = content.get("params")
    for key, value in params.items() if isinstance(params, dict) else ():
        if not isinstance(value, StepList):
            yield ("params", key), value
    for key in ("condition", "on_error", "retry", "timeout"):
        if content.get(key) is not None and not isinstance(content[key], StepList):
            yield (key,), content[key]


def _action_of(content: Json) -> str:
    action = content.get("action") if isinstance(content, dict) else None
    return action_label(action) if isinstance(action, str) else _("no action")


def _event_of(document: Json) -> str:
    event = document.get("trigger_type") if isinstance(document, dict) else None
    return event if isinstance(event, str) else ""
