"""What tests of the walker share: a catalogue with one action, programs, walkers, moments."""

from datetime import UTC, datetime

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.scope import NameScope
from workflows.definition.validate import ValidDocument
from workflows.engine.advance import Walker
from workflows.engine.history.entries import latest_handled

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
CATALOGUE = Catalogue(
    actions={"say": ActionSignature(TEXT, {"type": "object"})}, workflows={"inner": "Inner"}
)


def say(name, text="hello", **more):
    return {"name": name, "action": "say", "params": {"text": text}, **more}


def kind(action, name="it", *, condition=None, on_error=None, **params):
    """Return a step that steers."""
    step = {"name": name, "action": action, "params": params}
    own = {"condition": condition, "on_error": on_error}
    return {**step, **{key: value for key, value in own.items() if value}}


def program_of(*steps, **document):
    shape = {"name": "W", "trigger_type": "x", "steps": list(steps), **document}
    return load_program(compile_document(ValidDocument(shape, CATALOGUE)))


def walker(program, results=(), trigger=None, **more):
    def scope_for(entries, now):
        steps = {entry["step_name"]: entry for entry in entries}
        handled = latest_handled(entries)
        error = {"error": {"code": handled["error"]["code"]}} if handled else {}
        return NameScope(trigger=trigger or {}, steps=steps, run=error, now=now)

    return Walker(program, tuple(results), scope_for, **more)
