"""Params against the schema of their action."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from operator import attrgetter
from typing import Any, Final

from jsonschema import ValidationError

from tenants.core.json.pointers import pointer
from tenants.core.values.comparison import kind_of
from tenants.core.values.paths import IDENTIFIER
from workflows.definition.catalogue import Catalogue, Schema, TableSignature
from workflows.definition.checks.simple import check_duration
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.schemas import alternatives, member, reference, validator
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.dates import any_moment
from workflows.definition.values.json_values import shortened
from workflows.definition.values.windows import MAX_DURATION, parse_clock


def check_fields(
    value: Any, hints: Mapping[str, Any], siblings: Any, catalogue: Catalogue, path: str
) -> Iterator[Problem]:
    """Yield the fields that the hint of their parameter does not allow.

    The hint names the parameter beside it that holds the table; an unknown table is reported
    there, so nothing is said here.
    """
    for hint, allowed in _ALLOWED.items():
        name = siblings.get(hints.get(hint)) if isinstance(siblings, Mapping) else None
        table = catalogue.tables.get(name) if isinstance(name, str) else None
        if table is None:
            continue
        for place, field in _named(value, path):
            known = allowed(table)
            if field in known:
                continue
            params = {"table": name, "field": shortened(field)}
            if hint != READ and field in table.readable:
                yield Problem(place, Code.FIELD_NOT_WRITABLE, params)
            else:
                yield Problem(place, Code.UNKNOWN_FIELD, {**params, **suggestion(field, known)})


def _named(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the fields that a value names: its keys, a text, a list of texts, rows."""
    if isinstance(value, dict):
        yield from ((pointer(path, field), field) for field in value)
    elif isinstance(value, str):
        if not is_template(value):
            yield path, value.removeprefix("-")  # "-created_at": the greatest first
    elif isinstance(value, list):
        for index, element in enumerate(value):
            field = element.get("field") if isinstance(element, dict) else element
            place = (
                pointer(path, index, "field") if isinstance(element, dict) else pointer(path, index)
            )
            if isinstance(field, str) and not is_template(field):
                yield place, field


READ = "x-readable-fields-of"
_ALLOWED: Final[Mapping[str, Callable[[TableSignature], frozenset[str]]]] = {
    "x-fields-of": attrgetter("writable"),
    "x-creatable-fields-of": attrgetter("creatable"),
    READ: attrgetter("readable"),
}

# Names of headers that carry credentials.
_OF_SECRETS = re.compile(
    r"(?:proxy-)?authorization|cookie|(?:x-)?(?:.*[-_])?(?:api|auth|access|secret|subscription)"
    r"[-_]?(?:key|token|secret)|(?:x-)?(?:.*[-_])?(?:token|secret|password)",
    re.IGNORECASE,
)
_WHOLE = {"not", "oneOf", "uniqueItems"}  # refuse a value for all that is in it
_CLOSED = {"additionalProperties", "unevaluatedProperties"}
_EMPTY = {"minLength", "minItems", "minProperties"}
_BOUNDS = {"minimum", "maximum"}
_COUNTED = {
    "minItems": (Code.TOO_FEW, "least"),
    "maxItems": (Code.TOO_MANY, "most"),
    "minProperties": (Code.TOO_FEW, "least"),
    "maxProperties": (Code.TOO_MANY, "most"),
}


def check_params(
    params: Mapping[str, Any], path: str, schema: Schema, catalogue: Catalogue
) -> Iterator[Problem]:
    """Yield what the action would refuse. What is a template is checked when it is rendered."""
    for error in validator(schema).iter_errors(params):
        for serious in _serious(error):
            yield from _problems(serious, path)
    yield from _Hints(schema, catalogue).check(params, schema, path, params)


def _serious(error: ValidationError) -> list[ValidationError]:
    """Return what has to be corrected: nothing, if only templates do not fit.

    What a template renders to may fit. Of several forms that a value can have (`anyOf`), the one
    that it comes closest to counts: whose errors lie deepest.
    """
    if not error.context:
        excused = error.validator in _WHOLE and _has_template(error.instance)
        return [] if excused or is_template(error.instance) else [error]
    forms: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        forms.setdefault(inner.relative_schema_path[0], []).extend(_serious(inner))
    if not all(forms.values()):
        return []
    return max(forms.values(), key=lambda errors: max(len(e.absolute_path) for e in errors))


def _problems(error: ValidationError, path: str) -> Iterator[Problem]:
    at = pointer(path, *error.absolute_path)
    wanted: Any = error.validator_value
    if error.validator == "required":
        # One error for each name, told apart only by its message.
        for name in [name for name in wanted if error.message.startswith(repr(name))]:
            yield Problem(pointer(at, name), Code.MISSING_PARAM, {"param": name})
    elif error.validator in _CLOSED:
        yield from _unknown(error.instance, at, _asked(error))
    elif error.validator in _BOUNDS and set(_asked(error)) >= _BOUNDS:
        asked = _asked(error)
        params = {"least": asked["minimum"], "most": asked["maximum"]}
        yield Problem(at, Code.OUT_OF_RANGE, params)
    else:
        yield _problem(str(error.validator), error.instance, wanted, at)


def _asked(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _problem(rule: str, instance: Any, wanted: Any, at: str) -> Problem:
    if rule == "type":
        return Problem(at, Code.WRONG_TYPE, {"expected": wanted, "found": kind_of(instance)})
    if rule in {"enum", "const"}:
        choices = list(wanted) if rule == "enum" else [wanted]
        near = suggestion(instance, [one for one in choices if isinstance(one, str)])
        params = {"choices": choices, "value": shortened(instance), **near}
        return Problem(at, Code.NOT_A_CHOICE, params)
    if rule in _EMPTY and not instance:
        return Problem(at, Code.EMPTY)
    if rule in _COUNTED:
        code, fact = _COUNTED[rule]
        return Problem(at, code, {fact: wanted})
    params = {"rule": rule, "wanted": shortened(wanted), "value": shortened(instance)}
    return Problem(at, Code.BAD_PARAM, params)


def _unknown(instance: Any, at: str, asked: Mapping[str, Any]) -> Iterator[Problem]:
    known, patterns = asked.get("properties", {}), asked.get("patternProperties", {})
    for key in instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            near = suggestion(key, known)
            yield Problem(pointer(at, key), Code.UNKNOWN_PARAM, {"param": shortened(key), **near})


def _has_template(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_template(member) for member in value.values())
    if isinstance(value, list):
        return any(_has_template(element) for element in value)
    return is_template(value)


def _is_secret(header: str, value: Any) -> bool:
    """Whether somebody typed credentials where everybody who sees the step reads them."""
    typed = isinstance(value, str) and value.strip() and not is_template(value)
    return bool(typed and _OF_SECRETS.fullmatch(header.strip()))


def _known(catalogue: Catalogue, kinds: str) -> set[str]:
    """Return the keys of a kind; "connection:slack,teams" names two."""
    if kinds == "workflow":
        return set(catalogue.workflows)
    thing, names = reference(kinds)
    wanted = [f"{thing}:{name}" for name in names] or [kinds]
    return set().union(*(catalogue.references.get(kind, frozenset()) for kind in wanted))


class _Hints:
    """What the x- hints ask, all the way down."""

    def __init__(self, root: Schema, catalogue: Catalogue) -> None:
        self.root, self.catalogue = root, catalogue

    def check(self, value: Any, schema: Schema, path: str, siblings: Any) -> Iterator[Problem]:
        """Yield the problems of `value`; `siblings` is the object it is a member of."""
        hints: dict[str, Any] = {}
        for branch in alternatives(schema, self.root):
            hints |= {key: hint for key, hint in branch.items() if key.startswith("x-")}
        yield from check_fields(value, hints, siblings, self.catalogue, path)
        if isinstance(value, str):
            yield from self._text(value, hints, path)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if "x-no-secrets" in hints and _is_secret(key, inner):
                    yield Problem(pointer(path, key), Code.SECRET_IN_STEP, {"header": key})
                part = member(schema, self.root, key)
                yield from self.check(inner, part, pointer(path, key), value)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                part = member(schema, self.root, index)
                yield from self.check(inner, part, pointer(path, index), siblings)

    def _text(self, value: str, hints: Mapping[str, Any], path: str) -> Iterator[Problem]:
        if is_template(value):
            if hints.get("x-no-template") or hints.get("x-table"):
                yield Problem(path, Code.TEMPLATE_NOT_ALLOWED)
            return
        kind = hints.get("x-reference")
        if kind is not None:
            known = _known(self.catalogue, kind)
            if value not in known:
                params = {"kind": kind, "key": shortened(value), **suggestion(value, known)}
                yield Problem(path, Code.UNKNOWN_REFERENCE, params)
        if hints.get("x-table") and value not in self.catalogue.tables:
            params = {"table": shortened(value), **suggestion(value, self.catalogue.tables)}
            yield Problem(path, Code.UNKNOWN_TABLE, params)
        yield from _check_word(value, hints, path)


def _check_word(value: str, hints: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if hints.get("x-duration"):
        none_too = hints["x-duration"] == "none too"
        yield from check_duration(value, path, most=MAX_DURATION, none_too=none_too)
    if hints.get("x-identifier") and not IDENTIFIER.fullmatch(value):
        yield Problem(path, Code.BAD_IDENTIFIER, {"value": shortened(value)})
    if hints.get("x-clock") and parse_clock(value) is None:
        yield Problem(path, Code.BAD_CLOCK, {"value": shortened(value)})
    if hints.get("x-moment") and any_moment(value, UTC) is None:
        yield Problem(path, Code.BAD_MOMENT, {"value": shortened(value)})
