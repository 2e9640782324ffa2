"""Which actions there are: each file of `actions/library/` declares one with `@action`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from actions import library
from actions.spec import ActionContext, ActionSpec, Effect, Preview
from tenants.core.json import Json

Function = Callable[[Json, ActionContext], Json]

# The editor keeps these beside a step's parameters.
RESERVED_PARAMS: Final = frozenset({"action", "_raw"})

_specs: dict[str, ActionSpec] = {}


class UnknownAction(LookupError):
    """No action has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no action {name!r}.")
        self.name = name


class BadAction(TypeError):
    """An action's declaration is wrong: a mistake of the programmer, found at import."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"Action {name!r}: {reason}")
        self.name = name


def action(  # noqa: PLR0913 - a declaration: every part is named where it is used
    name: str,
    *,
    label: Any,
    description: Any,
    params: Mapping[str, Json],
    effect: Effect,
    output: Mapping[str, Json] | None = None,
    icon: str = "bolt",
    timeout_seconds: float = 30.0,
    retry: Mapping[str, Json] | None = None,
    ui: Mapping[str, Json] | None = None,
    preview: Callable[[Json, ActionContext], Preview] | None = None,
    is_local: bool = False,
) -> Callable[[Function], Function]:
    """Declare the decorated function as an action. Raises BadAction."""

    def declare(function: Function) -> Function:
        spec = ActionSpec(
            name=name,
            label=label,
            description=description,
            effect=effect,
            params=params,
            output=output,
            run=function,
            icon=icon,
            default_timeout_seconds=timeout_seconds,
            retry=retry or {},
            ui=ui or {},
            preview=preview,
            is_local=is_local,
        )
        _refuse_mistakes(spec)
        _specs[name] = spec
        return function

    return declare


def get(name: str) -> ActionSpec:
    """Return the action. Raises UnknownAction."""
    load()
    try:
        return _specs[name]
    except KeyError:
        raise UnknownAction(name) from None


def all_actions() -> list[ActionSpec]:
    load()
    return [_specs[name] for name in sorted(_specs)]


@cache
def load() -> None:
    """Import every file of the library, once. Raises BadAction."""
    for module in pkgutil.iter_modules(library.__path__):
        importlib.import_module(f"{library.__name__}.{module.name}")


def plain(schema: Json) -> Json:
    """Return the schema with its translations as text: the form in which it can leave Python."""
    if isinstance(schema, Mapping):
        return {key: plain(value) for key, value in schema.items()}
    if isinstance(schema, list | tuple):
        return [plain(item) for item in schema]
    if schema is None or isinstance(schema, bool | int | float):
        return schema
    return str(schema)


def _refuse_mistakes(spec: ActionSpec) -> None:
    known = _specs.get(spec.name)
    if known is not None and known.run.__module__ != spec.run.__module__:
        raise BadAction(spec.name, f"also declared in {known.run.__module__}")
    reserved = RESERVED_PARAMS & set(spec.params.get("properties", {}))
    if reserved:
        raise BadAction(spec.name, f"a parameter cannot be called {', '.join(sorted(reserved))}")
    if spec.params.get("type") != "object" or spec.params.get("additionalProperties") is not False:
        raise BadAction(spec.name, "params must be an object with additionalProperties false")
    for which, schema in (("params", spec.params), ("output", spec.output)):
        if schema is None:
            continue
        try:
            Draft202012Validator.check_schema(plain(schema))
        except SchemaError as error:
            raise BadAction(spec.name, f"{which} is no JSON Schema: {error.message}") from error
