"""What exists around a document: actions, events, tables, templates, connections, workflows.

The caller gathers it; the language only looks things up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]  # JSON Schema, draft 2020-12, with x- hints


@dataclass(frozen=True, slots=True)
class ActionSignature:
    """What an action takes and gives."""

    params: Schema
    output: Schema | None = None  # None: not described, any field may be read
    own_errors: bool = False  # it may fail with other errors than `Catalogue.errors`
    # What a step that says nothing of it has as its `retry`; empty: the language's own default.
    retry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableSignature:
    """The fields of a table that workflows may touch."""

    readable: frozenset[str]
    writable: frozenset[str]
    creatable: frozenset[str] = frozenset()  # of a new row; none: steps make no rows
    # Of a column: what its values look like, with `x-record` (the table whose record it names) and
    # `x-needed` (it cannot be emptied). None: nothing is known of them.
    columns: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that a document may name."""

    actions: Mapping[str, ActionSignature] = field(default_factory=dict)
    # Payload schema per event type; absent or None: unknown, any field may be read.
    events: Mapping[str, Schema | None] = field(default_factory=dict)
    # Kind -> keys, for example "message_template:email" -> {"order_confirmed"}.
    references: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tables: Mapping[str, TableSignature] = field(default_factory=dict)
    workflows: Mapping[str, str] = field(default_factory=dict)  # those to call: key -> name
    errors: frozenset[str] = frozenset()  # codes that steps fail with; none: not known
    roles: frozenset[str] = frozenset()  # of members; none: not known
    people: frozenset[str] = frozenset()  # members with an @ in their names
    # Of a message template: the values it asks for, and whether each has to be given.
    asked: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    own_workflow: str = ""  # key of the workflow that the document belongs to, if it has one
