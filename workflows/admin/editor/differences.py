"""What differs between two documents, place by place, in words: for two people who met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from tenants.core.text.listing import listed
from workflows.admin.editor.form.scalars import shown
from workflows.admin.editor.presentation.summaries import readable, step_label
from workflows.definition.values.json_values import same_json
from workflows.presentation.documents.places import place

MOST: Final = 60  # lines
ORDER: Final = "/steps/"  # where _by_name puts the order of the steps
LONGEST: Final = 300  # characters of one side


def differences(mine: Json, theirs: Json) -> list[dict[str, Json]]:
    """Return the places that differ: {"place", "mine", "theirs"}, "" where there is nothing."""
    found = list(_differing(_by_name(mine), _by_name(theirs), ""))
    return [_line(path, left, right, mine, theirs) for path, left, right in found[:MOST]]


def _by_name(document: Json) -> Json:
    """Name steps instead of counting them, so that a moved or added step shifts no other."""
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        return document
    named = {str(s.get("name", i)): s for i, s in enumerate(document["steps"])}
    return {**document, "steps": {**named, "": list(named)}}


def _differing(mine: Json, theirs: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in [*mine, *(key for key in theirs if key not in mine)]:
            yield from _differing(mine.get(key), theirs.get(key), pointer(path, key))
    elif not same_json(mine, theirs):
        yield path, mine, theirs


def _line(path: str, left: Json, right: Json, mine: Json, theirs: Json) -> dict[str, Json]:
    where = _where(path, mine if left is not None else theirs)
    if path == ORDER:
        left, right = _labels(mine), _labels(theirs)
    return {"place": where, "mine": _side(left), "theirs": _side(right)}


def _labels(document: Json) -> list[str]:
    return [step_label(step) for step in document["steps"]]


def _where(path: str, document: Json) -> str:
    keys = path.split("/")
    if keys[1:2] != ["steps"] or len(keys) < 3:
        return place(path, document)
    if keys[2] == "":
        return _("Order of the steps")
    names = [str(step.get("name")) for step in document["steps"]]
    index = names.index(keys[2]) if keys[2] in names else 0
    return place("/".join(["", "steps", str(index), *keys[3:]]), document)


def _side(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping) and "action" in value:
        value = step_label(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = listed(value)
    text = readable(shown(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
