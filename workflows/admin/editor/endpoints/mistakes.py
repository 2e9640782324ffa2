"""Mistakes that only the form can have: a name given twice, a value without a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from tenants.core.json.strict_json import BadJson
from workflows.admin.editor.form.nodes import JSON_TEXT, Node
from workflows.admin.editor.form.places import SETTINGS, At, Place
from workflows.admin.editor.form.scalars import read_json
from workflows.admin.editor.form.steps import node_of, step_parts
from workflows.presentation.json_faults import said_of

Form = Any


def mistakes_of(form: Mapping[str, Form]) -> list[tuple[Place, str]]:
    """Return each mistake with its place. They keep the form from being saved."""
    found = [
        (Place(SETTINGS, "settings", ("values", *at)), words)
        for at, words in _of_rows(form["head"].get("values", []))
    ]
    found += [
        (Place(SETTINGS, "settings", ("output", *at)), words)
        for at, words in _of_node(form["head"].get("output", []), JSON_TEXT, ())
    ]
    lists = {name: form.get(name) for name in ("steps", "on_failure")}
    for part, step in step_parts(lists):
        for at, words in _of_node(step.get("params"), node_of(step.get("action")), ()):
            found.append((Place(part, "params", at), words))
    return found


def _of_node(form: Form, node: Node, at: At) -> Iterator[tuple[At, str]]:
    if node.kind == "json" and isinstance(form, str):
        yield from _of_json(form, at)
    elif isinstance(form, list) and node.kind in {"map", "json"}:
        yield from (((*at, *inner), words) for inner, words in _of_rows(form))
    elif isinstance(form, list) and node.items is not None:
        for index, item in enumerate(form):
            yield from _of_node(item, node.items, (*at, index))
    elif isinstance(form, Mapping):
        for name, inner in form.items():
            below = node.members.get(name)
            if below is not None:
                yield from _of_node(inner, below, (*at, name))


def _of_rows(rows: Form) -> Iterator[tuple[At, str]]:
    seen = set()
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        name = row.get("k", "")
        if not name and row.get("v"):
            yield (index, "k"), _("Give this a name.")
        elif name and name in seen:
            yield (index, "k"), _("This name stands here twice. Change one.")
        seen.add(name)


def _of_json(text: str, at: At) -> Iterator[tuple[At, str]]:
    start = text.lstrip()
    if not start.startswith(("{", "[")) or start.startswith(("{{", "{%")):
        return
    try:
        read_json(text)
    except BadJson as problem:
        yield at, said_of(problem)
