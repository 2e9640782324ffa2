"""What kind of field each part of an action's parameters is, read from its JSON Schema alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tenants.core.json import Json
from workflows.definition.schemas import alternatives, resolved
from workflows.presentation.values import spelt_out

Schema = Mapping[str, Any]

# Scalars are text in the form: a template may stand where the schema wants a number.
SCALARS: Final = frozenset(
    {
        *("text", "any", "number", "boolean", "choice", "table", "reference", "column"),
        *("duration", "clock", "days", "event", "person", "own", "several"),
    }
)
MAX_DEPTH: Final = 12  # levels; a schema that names itself ends as JSON text


@dataclass(frozen=True, slots=True)
class Node:
    """One field of the form."""

    # A scalar, or: list, object, one (an object with a single member), map, json, steps, condition;
    # fields and parameters follow a table or a message template, an own choice follows a list
    # of objects beside it.
    kind: str
    title: str = ""
    help: str = ""
    required: bool = False
    template: bool = True  # whether {{ … }} makes sense here
    html: bool = False
    long: bool = False
    creates: bool = False  # of fields: those of a new record
    sorts: bool = False  # of a column: with a minus before it, the greatest first
    more: bool = False  # rarely needed: folded away while it is empty
    whole: bool = False  # of a number: without decimals
    choices: tuple[Json, ...] = ()
    usual: str = ""  # what an empty field stands for
    source: str = ""  # of a reference: its kind; of fields and parameters: the param they follow
    one: str = ""  # what an element of the list is called
    names: str = ""  # of a short name: the member beside it that it is made from
    payload: str = ""  # of a map: the param that names the event whose fields are its keys
    words: Mapping[str, str] = field(default_factory=dict)  # of choices: what people call them
    # Shown only if each of these members beside it has one of the values (none: any value).
    when: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ways: Mapping[str, Json] = field(default_factory=dict)  # groups of members to choose from
    items: Node | None = None  # of a list, and of a map's values
    members: Mapping[str, Node] = field(default_factory=dict)  # of an object

    def as_json(self) -> dict[str, Json]:
        """Return it for the page, without what is as usual."""
        said: dict[str, Json] = {"kind": self.kind, "title": self.title}
        flags = (
            *("help", "required", "html", "long", "more", "usual", "source", "creates", "sorts"),
            *("one", "names", "payload", "words", "when", "ways"),
        )
        said |= {name: value for name in flags if (value := getattr(self, name))}
        if not self.template:
            said["template"] = False
        if self.choices:
            said["choices"] = [str(choice) for choice in self.choices]
        if self.items is not None:
            said["items"] = self.items.as_json()
        if self.members:
            said["members"] = {name: node.as_json() for name, node in self.members.items()}
        return said


JSON_TEXT: Final = Node("json")
TEXT: Final = Node("text")


def params_node(schema: Schema) -> Node:
    return _NodeReader(schema).read(schema, "", 0)


class _NodeReader:
    """Reads one action's schema; `root` is where its `$ref`s point to."""

    def __init__(self, root: Schema) -> None:
        self.root = root

    def read(self, schema: Any, name: str, depth: int, *, required: bool = False) -> Node:
        merged = self._merged(schema)
        kind = _kind(merged) if depth < MAX_DEPTH else "json"
        return Node(
            kind=kind,
            title=str(merged.get("title") or spelt_out(name)),
            help=str(merged.get("description", "")),
            required=required,
            template=not merged.get("x-no-template") and not merged.get("x-table"),
            html=merged.get("x-text") == "html",
            long=merged.get("x-widget") == "textarea",
            creates="x-creatable-fields-of" in merged,
            sorts=bool(merged.get("x-order")),
            more=bool(merged.get("x-more")),
            whole=_types(merged) == {"integer"},
            choices=tuple(merged.get("enum", ())) if kind == "choice" else (),
            usual=_usual(merged, kind),
            source=_source(merged),
            one=str(merged.get("x-one", "")),
            names=str(merged.get("x-names", "")),
            payload=str(merged.get("x-payload-of", "")),
            words={word: str(said) for word, said in merged.get("x-words", {}).items()},
            when=merged.get("x-if", {}),
            ways=_ways(merged.get("x-ways")),
            items=self._items(merged, kind, depth),
            members=self._members(merged, kind, depth),
        )

    def _merged(self, schema: Any) -> dict[str, Any]:
        """Lay the branches of `allOf`, `anyOf` and `oneOf` over one another, the first on top."""
        merged: dict[str, Any] = {}
        for branch in alternatives(schema, self.root):
            merged = {**branch, **merged}
        return merged

    def _items(self, merged: Schema, kind: str, depth: int) -> Node | None:
        if kind == "list":
            items = resolved(merged.get("items", {}), self.root)
            column = {name: merged[name] for name in ("x-readable-fields-of",) if name in merged}
            return self.read({**column, **items}, "", depth + 1)
        if kind in {"map", "fields", "parameters"}:
            others = merged.get("additionalProperties")
            return self.read(others if isinstance(others, Mapping) else {}, "", depth + 1)
        return TEXT if kind == "json" else None

    def _members(self, merged: Schema, kind: str, depth: int) -> dict[str, Node]:
        if kind not in {"object", "one"}:
            return {}
        needed = merged.get("required", ())
        return {
            name: self.read(inner, name, depth + 1, required=name in needed)
            for name, inner in merged["properties"].items()
        }


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", ())
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _kind(schema: Schema) -> str:
    for hint, kind in _HINTED.items():
        if schema.get(hint):
            return kind
    if "enum" in schema:
        return "choice"
    types = _types(schema)
    return _structure(schema, types) or _scalar(schema, types)


def _usual(schema: Schema, kind: str) -> str:
    if "default" not in schema or kind not in {"choice", "boolean"}:
        return ""
    usual = schema["default"]
    return str(usual).lower() if isinstance(usual, bool) else str(usual)


def _ways(ways: Json) -> dict[str, Json]:
    if not ways:
        return {}
    told = [{"title": str(one["title"]), "members": one["members"]} for one in ways["ways"]]
    return {"title": str(ways["title"]), "ways": told}


_SOURCES: Final = (
    "x-one-of",
    "x-some-of",
    "x-reference",
    "x-fields-of",
    "x-creatable-fields-of",
    "x-readable-fields-of",
    "x-parameters-of",
)
_HINTED: Final = {
    "x-steps": "steps",
    "x-condition": "condition",
    "x-table": "table",
    "x-reference": "reference",
    "x-fields-of": "fields",
    "x-creatable-fields-of": "fields",
    "x-parameters-of": "parameters",
    "x-duration": "duration",
    "x-clock": "clock",
    "x-days": "days",
    "x-event-type": "event",
    "x-person": "person",
    "x-one-of": "own",
    "x-some-of": "several",
    "x-any": "any",
}


def _structure(schema: Schema, types: set[str]) -> str:
    if schema.get("x-widget") == "json":
        return "json"
    if types == {"array"}:
        return "list"
    if types == {"object"}:
        if schema.get("properties"):
            return (
                "one"
                if schema.get("minProperties") == schema.get("maxProperties") == 1
                else "object"
            )
        return "map" if isinstance(schema.get("additionalProperties"), Mapping) else "json"
    # Of several types the simplest: what else is stored there is shown as JSON text.
    return "json" if types & {"array", "object"} and "string" not in types else ""


def _scalar(schema: Schema, types: set[str]) -> str:
    if not types:
        return "any"
    if "string" in types:
        return "column" if schema.get("x-readable-fields-of") else "text"
    return "boolean" if types == {"boolean"} else "number"


def _source(schema: Schema) -> str:
    hinted = (schema.get(hint) for hint in _SOURCES)
    return str(next((hint for hint in hinted if hint), ""))
