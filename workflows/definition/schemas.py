"""Reading the JSON Schemas of actions and events.

Our hints in them stand in the README of this package.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry

from tenants.core.values.numbers import is_storable
from workflows.definition.catalogue import Schema

Rendering = Literal["text", "html", "isolated", "value"]

_NOTHING: Schema = {}
_SAID = {"title", "description", "examples", "default", "$comment"}
_NAMED = {"properties", "patternProperties", "$defs", "dependentSchemas"}  # names to schemas
_OF_LISTS: Final = frozenset({"first", "last"})  # beside numbers, and `size` that texts have, too
_SCALARS = {"number", "integer", "boolean"}
_VALUES = {"enum", "const", "required", "type"}
# Digits: enough for the remainder of any two numbers, floats of any exponent included.
_PRECISION: Final = 3_000


def validator(schema: Schema) -> Draft202012Validator:
    """Return a validator that never fetches anything, and compares decimals exactly."""
    found: Draft202012Validator = _ExactValidator(dict(schema), registry=Registry())
    return found


def _exactly(rule: str) -> Callable[..., Any]:
    """Return the library's check of a number, told both numbers as decimals.

    It would take 0.10 for less than 0.1, since the nearest binary fraction is more.
    """
    check = Draft202012Validator.VALIDATORS[rule]

    def exact_check(validator: Any, limit: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if validator.is_type(instance, "number"):
            with localcontext(prec=_PRECISION):
                yield from check(validator, _decimal(limit), _decimal(instance), schema)

    return exact_check


def _decimal(number: Any) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _is_integer(checker: Any, instance: Any) -> bool:
    if isinstance(instance, Decimal):
        return is_storable(instance) and instance == instance.to_integral_value()
    return bool(Draft202012Validator.TYPE_CHECKER.is_type(instance, "integer"))


_RULES_OF_NUMBERS: Final = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "multipleOf",
)
_ExactValidator: Final[Any] = extend(  # type: ignore[no-untyped-call]  # the library has no types here
    Draft202012Validator,
    {rule: _exactly(rule) for rule in _RULES_OF_NUMBERS},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def bare(schema: Any) -> Any:
    """Return the schema with what it asks, without what it only says: titles, hints for forms.

    A program keeps this; titles are translated when they are shown, so they cannot be stored.
    """
    if isinstance(schema, list | tuple):
        return [bare(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        word: _bare_member(word, part)
        for word, part in schema.items()
        if word not in _SAID and not word.startswith("x-")
    }


def only_edited(schema: Any) -> bool:
    """Whether what stands here helps those who edit, and is no part of the program."""
    return isinstance(schema, Mapping) and bool(schema.get("x-only-edited"))


def _bare_member(word: str, part: Any) -> Any:
    if word in _NAMED and isinstance(part, Mapping):
        return {name: bare(inner) for name, inner in part.items() if not only_edited(inner)}
    return part if word in _VALUES else bare(part)


def resolved(schema: Any, root: Schema) -> Schema:
    """Return the schema that a local `$ref` names, else the schema itself."""
    for _ in range(10):
        if not isinstance(schema, Mapping):
            return _NOTHING
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = _at(root, reference[2:].split("/"))
    return _NOTHING


def _at(schema: Any, keys: list[str]) -> Any:
    for key in keys:
        schema = schema.get(key) if isinstance(schema, Mapping) else None
    return schema


def alternatives(schema: Any, root: Schema, levels: int = 5) -> Iterator[Schema]:
    """Yield the schema and the branches of its `allOf`, `anyOf` and `oneOf`."""
    schema = resolved(schema, root)
    yield schema
    # A schema may name itself in a branch.
    for word in ("allOf", "anyOf", "oneOf") if levels else ():
        for branch in schema.get(word, ()):
            yield from alternatives(branch, root, levels - 1)


def member(schema: Any, root: Schema, key: str | int) -> Schema:
    """Return the schema of one member or element; {} where nothing is said about it."""
    for branch in alternatives(schema, root):
        found = _element(branch, key) if isinstance(key, int) else _property(branch, key)
        if found is not None:
            return resolved(found, root)
    return _NOTHING


def _property(schema: Schema, key: str) -> Any:
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and key in properties:
        return properties[key]
    others = schema.get("additionalProperties")
    return others if isinstance(others, Mapping) else None


def _element(schema: Schema, index: int) -> Any:
    first = schema.get("prefixItems", ())
    return first[index] if index < len(first) else schema.get("items")


def reference(written: object) -> tuple[str, tuple[str, ...]]:
    """Return what an `x-reference` names, and its kinds: ("connection", ("slack", "teams")).

    ("", ()) where a schema has no such hint.
    """
    thing, _, kinds = str(written or "").partition(":")
    return thing, tuple(kind.strip() for kind in kinds.split(",") if kind.strip())


def rendering(schema: Schema) -> Rendering:
    hint = schema.get("x-text")
    if hint == "html":
        return "html"
    if hint == "isolated":
        return "isolated"
    return "text" if hint is not None or schema.get("type") == "string" else "value"


def wanted_scalar(schema: Schema) -> str | None:
    """Return the type of scalar that the place takes, if it takes one that others can become.

    "string" where it takes text and no numbers with decimals.
    """
    offered = [name for branch in alternatives(schema, schema) for name in _types(branch)]
    if "string" in offered:
        return None if "number" in offered else "string"
    return next((name for name in _types(schema) if name in _SCALARS), None)


def _types(schema: Schema) -> list[str]:
    kinds, choices = schema.get("type"), schema.get("enum")
    if kinds is None and choices and all(isinstance(choice, str) for choice in choices):
        return ["string"]
    return [kinds] if isinstance(kinds, str) else list(kinds or ())


def lacks(schema: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """Return the part of `path` up to the first field that the schema lacks, or None.

    A schema lacks a field if it lists its fields and does not say that others may come, or if it
    says that there is a text, a number or a list, which have no fields.
    """
    if not isinstance(schema, Mapping):
        return None
    here: Any = schema
    for index, key in enumerate(path):
        branches = list(alternatives(here, schema))
        if isinstance(key, str) and _closed(branches) and not _known(branches, key):
            return path[: index + 1]
        if _has_no(branches[0], key):
            return path[: index + 1]
        here = member(here, schema, key)
        if isinstance(key, str) and key in _OF_LISTS and not here:
            here = member(branches[0], schema, 0)
    return None


def _closed(branches: list[Schema]) -> bool:
    described = [
        branch
        for branch in branches
        if branch.get("properties") or branch.get("additionalProperties") is False
    ]
    return bool(described) and not any(
        branch.get("additionalProperties") not in (None, False) or branch.get("patternProperties")
        for branch in branches
    )


def _has_no(schema: Schema, key: str | int) -> bool:
    """Say whether nothing of the type that a schema names has such a part."""
    kinds = set(_types(schema)) - {"null"}
    if not kinds or "object" in kinds or key == "size":
        return False
    return "array" not in kinds or (isinstance(key, str) and key not in _OF_LISTS)


def _known(branches: list[Schema], key: str) -> bool:
    return key == "size" or any(key in branch.get("properties", ()) for branch in branches)


def field_names(schema: Any, path: tuple[str | int, ...]) -> list[str]:
    """Return the fields that the schema lists at `path`."""
    here: Any = schema
    for key in path:
        here = member(here, schema, key)
    return [name for branch in alternatives(here, schema) for name in branch.get("properties", ())]
