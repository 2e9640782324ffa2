"""The small form of an approval: its fields, and whether answers fit them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tenants.core.json import Json
from tenants.core.text.characters import comparable, without_invisible
from tenants.core.values.numbers import as_number
from workflows.definition.values.json_values import to_json
from workflows.services.approvals.refusals import AnswerFault, AnswerInvalid

MAX_CHARACTERS: Final = {"text": 500, "long_text": 10_000}
_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: a button of the approval, or a value of a field."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    key: str
    label: str
    type: FieldType
    required: bool  # whatever is chosen
    options: tuple[Option, ...] = ()  # of a field of type choice
    required_for: frozenset[str] = frozenset()  # keys of the choices that need it

    def is_needed_for(self, choice: str) -> bool:
        """Whether it has to be answered by who chooses this."""
        return self.required or choice in self.required_for


def options_of(stored: Json) -> tuple[Option, ...]:
    """Read choices or options: words, or objects with a key and a label."""
    return tuple(map(_option, stored)) if isinstance(stored, list | tuple) else ()


def fields_of(stored: Json) -> tuple[Field, ...]:
    """Read a form as it is stored with the approval."""
    return tuple(
        Field(
            key=str(one["key"]),
            label=str(one.get("label") or one["key"]),
            type=_type(one.get("type")),
            required=bool(one.get("required")),
            options=options_of(one.get("options")),
            required_for=frozenset(map(str, one.get("required_for") or ())),
        )
        # Whatever else a row holds is no field.
        for one in (stored if isinstance(stored, list | tuple) else ())
        if isinstance(one, Mapping) and "key" in one
    )


def checked(
    fields: tuple[Field, ...], answers: Mapping[str, Json], choice: str = ""
) -> dict[str, Json]:
    """Return an answer for each field, in the form in which later steps read it.

    `choice` is the key of what is chosen: which fields have to be answered depends on it.
    Texts are "" and others None if nothing was answered; a number is exact: an integer, or text
    with its decimals. Raises AnswerInvalid with everything that is wrong.
    """
    values: dict[str, Json] = {}
    faults: dict[str, AnswerFault] = {}
    for field in fields:
        try:
            values[field.key] = _read(field, answers.get(field.key), choice)
        except _Wrong as wrong:
            faults[field.key] = wrong.fault
    faults |= {key: AnswerFault("unknown_field") for key in _strangers(fields, answers)}
    if faults:
        raise AnswerInvalid(faults)
    return values


class _Wrong(ValueError):
    def __init__(self, code: str, **params: Json) -> None:
        super().__init__(code)
        self.fault = AnswerFault(code, params)


def _option(one: Json) -> Option:
    if not isinstance(one, Mapping):
        return Option(str(one), str(one))
    key = str(one.get("key", one.get("value", "")))
    return Option(key, str(one.get("label") or key))


def _type(stored: Json) -> FieldType:
    return FieldType(stored) if stored in set(FieldType) else FieldType.TEXT


def _strangers(fields: tuple[Field, ...], answers: Mapping[str, Json]) -> Iterator[str]:
    known = {field.key for field in fields}
    return (key for key in answers if key not in known)


def _read(field: Field, answer: Json, choice: str) -> Json:
    given = answer.strip() if isinstance(answer, str) else answer
    # What nobody sees is no reason for a rejection.
    if given is None or (isinstance(given, str) and not without_invisible(given).strip()):
        if field.is_needed_for(choice):
            raise _Wrong("required")
        return "" if field.type in {FieldType.TEXT, FieldType.LONG_TEXT} else None
    match field.type:
        case FieldType.NUMBER:
            return _number(given)
        case FieldType.YES_NO:
            return _yes_no(given)
        case FieldType.CHOICE:
            return _choice(field, given)
    return _text(field, given)


def _number(given: Json) -> Json:
    exact = as_number(given)
    if exact is None:
        raise _Wrong("not_a_number")
    return to_json(exact)


def _yes_no(given: Json) -> bool:
    if isinstance(given, bool):
        return given
    said = without_invisible(given).strip().lower() if isinstance(given, str) else ""
    if said not in _YES | _NO:
        raise _Wrong("not_yes_or_no")
    return said in _YES


def _choice(field: Field, given: Json) -> str:
    offered = [option.key for option in field.options]
    wanted = given if given in offered else comparable(given) if isinstance(given, str) else None
    for key in offered:
        if wanted in {key, comparable(key)}:
            return key
    raise _Wrong("not_a_choice", choices=", ".join(offered))


def _text(field: Field, given: Json) -> str:
    if not isinstance(given, str):
        raise _Wrong("not_text")
    limit = MAX_CHARACTERS[field.type]
    text = given.replace("\r\n", "\n")
    if len(text) > limit:
        raise _Wrong("too_long", limit=limit)
    # PostgreSQL stores neither NUL nor half a character.
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _Wrong("bad_characters")
    return text
