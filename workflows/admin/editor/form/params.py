"""An action's parameters as a form and back.

In the form every key is there and every scalar is text. What text cannot tell (the number 5 from
the text "5", an empty text from no text) is kept beside it, under the place's JSON pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from workflows.admin.editor.form.nodes import SCALARS, TEXT, Node
from workflows.admin.editor.form.scalars import (
    ABSENT,
    Absence,
    BadScalar,
    number_of,
    packed,
    read_or_text,
    shown,
    unpacked,
    written,
)
from workflows.definition.values.json_values import same_json
from workflows.definition.values.windows import DAYS

__all__ = ["BadScalar", "blank", "plain", "read", "show"]

Form = Any
Kept = dict[str, str]

REST: Final = "_raw"  # in the form of an object: its members that nobody declared, packed
_SIMPLE: Final = (str, int, float, bool, type(None))


# Kinds with a form of their own (steps, conditions): how to show one, how to read it.
OWN_FORMS: Final[dict[str, tuple[Callable[[Json], Form], Callable[[Form], Json]]]] = {}


def show(value: Json | Absence, node: Node, kept: Kept, at: str = "") -> Form:
    """Return the form of `value`, and put into `kept` what the form cannot tell."""
    if value is ABSENT:
        return blank(node)
    form = _SHOW.get(node.kind, _show_text)(value, node, kept, at)
    back = read(form, node, kept, at)
    if back is ABSENT or not same_json(back, value):
        kept[at] = packed(value)
    return form


def blank(node: Node) -> Form:
    if node.kind in {"list", "map", "json"}:
        return []
    if node.kind == "object":
        return {name: blank(member) for name, member in node.members.items()}
    if node.kind in OWN_FORMS:
        return OWN_FORMS[node.kind][0](ABSENT)
    return {} if node.kind in {"one", "fields", "parameters"} else ""


def read(form: Form, node: Node, kept: Mapping[str, str], at: str = "") -> Json | Absence:
    """Return the value of a form; ABSENT for one that was left empty. Raises BadForm."""
    if at in kept:
        was = unpacked(kept[at])
        if show(was, node, {}, at) == plain(form):
            return was
    if isinstance(form, str):
        return _read_text(form, node)
    reader = _READ.get(node.kind)
    if reader is None:
        raise BadScalar(f"{at}: {node.kind}")
    return reader(form, node, kept, at)


def plain(form: Form) -> Form:
    """Return a form without what the page has put into it for itself."""
    if isinstance(form, list):
        return [plain(one) for one in form]
    if not isinstance(form, dict):
        return form
    own = {"uid", "fresh", "named"} if "kept" in form or "fresh" in form else ()
    return {key: plain(inner) for key, inner in form.items() if key not in own}


def _show_text(value: Json, node: Node, kept: Kept, at: str) -> Form:
    return shown(value)


def _show_list(value: Json, node: Node, kept: Kept, at: str) -> Form:
    if not isinstance(value, list):
        return shown(value)
    items = node.items or TEXT
    return [show(item, items, kept, pointer(at, i)) for i, item in enumerate(value)]


def _show_object(value: Json, node: Node, kept: Kept, at: str) -> Form:
    if not isinstance(value, dict):
        return shown(value)
    form = {
        name: show(value.get(name, ABSENT), member, kept, pointer(at, name))
        for name, member in node.members.items()
        if node.kind == "object" or name in value
    }
    rest = {name: inner for name, inner in value.items() if name not in node.members}
    return {**form, REST: packed(rest)} if rest else form


def _show_named(value: Json, node: Node, kept: Kept, at: str) -> Form:
    if not isinstance(value, dict):
        return shown(value)
    items = node.items or TEXT
    return {name: show(inner, items, kept, pointer(at, name)) for name, inner in value.items()}


def _show_rows(value: Json, node: Node, kept: Kept, at: str) -> Form:
    if not isinstance(value, dict):
        return shown(value) if node.kind == "map" else _json_text(value)
    if node.kind == "json" and not all(isinstance(v, _SIMPLE) for v in value.values()):
        return written(value)
    items = node.items or TEXT
    return [
        {"k": name, "v": show(inner, items, kept, pointer(at, index))}
        for index, (name, inner) in enumerate(value.items())
    ]


def _show_own(value: Json, node: Node, kept: Kept, at: str) -> Form:
    try:
        return OWN_FORMS[node.kind][0](value)
    except BadScalar:
        return shown(value)


def _show_several(value: Json, node: Node, kept: Kept, at: str) -> Form:
    is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return " ".join(value) if is_list else shown(value)


def _show_days(value: Json, node: Node, kept: Kept, at: str) -> Form:
    is_days = isinstance(value, list) and all(one in DAYS for one in value)
    return " ".join(value) if is_days else shown(value)


def _json_text(value: Json) -> str:
    if isinstance(value, str) and _read_json(value) == value:
        return value
    return written(value)


_SHOW: Final[Mapping[str, Callable[[Json, Node, Kept, str], Form]]] = {
    "list": _show_list,
    "object": _show_object,
    "one": _show_object,
    "fields": _show_named,
    "parameters": _show_named,
    "map": _show_rows,
    "json": _show_rows,
    "steps": _show_own,
    "condition": _show_own,
    "days": _show_days,
    "several": _show_several,
}


def _read_text(text: str, node: Node) -> Json | Absence:
    if not text:
        return ABSENT
    if node.kind == "json" or (node.kind == "any" and text.startswith(("[", "{"))):
        return _read_json(text)
    if node.kind == "number":
        return number_of(text)
    if node.kind in _READ_LISTS:
        return _READ_LISTS[node.kind](text)
    if node.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return next((choice for choice in node.choices if shown(choice) == text), text)


def _read_days(text: str) -> Json:
    days = text.split()
    return days if all(day in DAYS for day in days) else text


_READ_LISTS: Final[Mapping[str, Callable[[str], Json]]] = {
    "days": _read_days,
    "several": lambda text: text.split() or text,
}


def _read_json(text: str) -> Json | Absence:
    if not text.strip():
        return ABSENT
    if text.lstrip().startswith(("{{", "{%")):
        return text
    return read_or_text(text)


def _read_list(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    if not isinstance(form, list):
        raise BadScalar(at)
    items = node.items or TEXT
    values = [read(item, items, kept, pointer(at, i)) for i, item in enumerate(form)]
    if items.kind in {"object", "one"}:
        # A row without anything in it is not finished: left out, it would mean “all”.
        values = [{} if value is ABSENT else value for value in values]
    return [value for value in values if value is not ABSENT] or ABSENT


def _read_object(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    if not isinstance(form, dict):
        raise BadScalar(at)
    members = {
        name: read(form.get(name, blank(member)), member, kept, pointer(at, name))
        for name, member in node.members.items()
    }
    value = {name: inner for name, inner in members.items() if inner is not ABSENT}
    return {**value, **_rest(form)} or ABSENT


def _read_one(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    if not isinstance(form, dict):
        raise BadScalar(at)
    members = {
        name: read(form[name], member, kept, pointer(at, name))
        for name, member in node.members.items()
        if name in form
    }
    # A member stands in the form because somebody chose it: empty, the check asks for it.
    value = {name: "" if inner is ABSENT else inner for name, inner in members.items()}
    return {**value, **_rest(form)} or ABSENT


def _rest(form: Mapping[str, Form]) -> dict[str, Json]:
    rest = unpacked(form[REST]) if form.get(REST) else {}
    if not isinstance(rest, dict):
        raise BadScalar(REST)
    return rest


def _read_named(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    if not isinstance(form, dict):
        raise BadScalar(at)
    items = node.items or TEXT
    value = {name: read(inner, items, kept, pointer(at, name)) for name, inner in form.items()}
    if node.kind == "fields":
        # A field stands in the form because somebody chose it: empty means to empty it.
        return {name: "" if v is ABSENT else v for name, v in value.items()} or ABSENT
    return {name: inner for name, inner in value.items() if inner is not ABSENT} or ABSENT


def _read_rows(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    if not isinstance(form, list):
        raise BadScalar(at)
    items = node.items or TEXT
    value = {}
    for index, row in enumerate(form):
        name, inner = _row(row)
        if name or inner:
            given = read(inner, items, kept, pointer(at, index))
            value[name] = "" if given is ABSENT else given
    return value or ABSENT


def _row(row: Form) -> tuple[str, Form]:
    if not isinstance(row, dict) or not isinstance(row.get("k"), str) or "v" not in row:
        raise BadScalar("row")
    return row["k"], row["v"]


def _read_own(form: Form, node: Node, kept: Mapping[str, str], at: str) -> Json | Absence:
    value = OWN_FORMS[node.kind][1](form)
    return ABSENT if value == [] else value


_READ: Final[Mapping[str, Callable[[Form, Node, Mapping[str, str], str], Json | Absence]]] = {
    "list": _read_list,
    "object": _read_object,
    "one": _read_one,
    "fields": _read_named,
    "parameters": _read_named,
    "map": _read_rows,
    "json": _read_rows,
    "steps": _read_own,
    "condition": _read_own,
}
assert SCALARS.isdisjoint(_READ)  # noqa: S101 - a scalar is text in every form
