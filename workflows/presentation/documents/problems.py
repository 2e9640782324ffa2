"""One sentence for each problem and error of the language: what to do, for operations staff."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.text.characters import shown
from tenants.core.text.listing import apart, listed
from workflows.definition.codes import Code
from workflows.presentation.reading import why_not
from workflows.presentation.vocabulary import OPERATORS

SENTENCES: Final[Mapping[str, Any]] = {
    # The document as a whole
    Code.NOT_JSON: _("This is not a workflow document: %(reason)s"),
    Code.TOO_LARGE: _(
        "The workflow is too large: at most %(most_bytes)s bytes. Split it into several workflows."
    ),
    Code.TOO_DEEP: _("The workflow is nested too deeply: at most %(most)s levels."),
    Code.WRONG_TYPE: _("This has to be a %(expected)s, but it is a %(found)s."),
    Code.REQUIRED: _("“%(key)s” is missing. Fill it in."),
    Code.EMPTY: _("This is empty. Fill it in."),
    Code.TOO_LONG: _("This is too long: at most %(most)s characters."),
    Code.CONTROL_CHARACTERS: _(
        "This has a line break or an invisible control character. Type it anew, in one line."
    ),
    Code.TOO_MANY: _("These are too many: at most %(most)s."),
    Code.TOO_FEW: _("These are too few: at least %(least)s."),
    Code.UNKNOWN_KEY: _("“%(key)s” is not known here. Correct its name or remove it."),
    Code.UNKNOWN_LANGUAGE: _(
        "This workflow is written in version %(language)s of the language, which is not known here."
    ),
    Code.OUT_OF_RANGE: _("Choose something from %(least)s to %(most)s."),
    Code.NOT_A_CHOICE: _("“%(value)s” is not one of the choices. Choose from: %(choices)s."),
    Code.DUPLICATE: _("“%(value)s” is named twice. Remove one."),
    # Steps
    Code.BAD_STEP_NAME: _(
        "“%(name)s” cannot be the name of a step. Use small letters, digits and _, a letter first."
    ),
    Code.DUPLICATE_STEP_NAME: _("Another step is already called “%(name)s”. Rename one of them."),
    Code.UNKNOWN_ACTION: _("There is no action “%(action)s”. Choose one from the list."),
    Code.BAD_APPROVER: _(
        "“%(approver)s” is nobody who can be asked. Write the user name of a member, a mail "
        "address, a role (%(roles)s), or key: with the name of an API key."
    ),
    Code.BAD_DURATION: _("“%(value)s” is not a duration. Write it like 30s, 15m, 2h or 7d."),
    Code.BAD_MOMENT: _(
        "“%(value)s” is not a time. Write it like 2026-01-31 or 2026-01-31T09:00, "
        "or fill in a field with {{ }}."
    ),
    Code.BAD_CLOCK: _("“%(value)s” is not a time of day. Write it like 09:00 or 17:30."),
    Code.NOT_FOR_THIS_STEP: _("“%(key)s” has no meaning for “%(action)s”. Remove it."),
    Code.UNREACHABLE_STEP: _(
        "This step can never run: the workflow always ends at “%(step)s”. "
        "Remove this step, or give “%(step)s” a condition."
    ),
    Code.CHOOSE_ONE: _("Fill in one of these: %(choices)s."),
    Code.NOT_TOGETHER: _("“%(key)s” and “%(other)s” do not go together. Remove one of them."),
    Code.NEEDS_OTHER: _("“%(key)s” needs “%(other)s” beside it. Fill that in, or remove this."),
    Code.EMPTY_WINDOW: _("These hours begin and end at the same time. Correct one of them."),
    Code.BAD_IDENTIFIER: _(
        "“%(value)s” cannot be a short name. Use small letters, digits and _, a letter first."
    ),
    Code.NO_ITEM_TO_END: _(
        "Only a step that runs once for each item of a list can end that item. "
        "Let it end the whole run instead."
    ),
    Code.CALLS_ITSELF: _("A workflow cannot run itself. Choose another workflow than “%(key)s”."),
    Code.UNKNOWN_ERROR_CODE: _("No step fails with the error “%(error)s”. Correct its name."),
    # Params
    Code.MISSING_PARAM: _("“%(param)s” is missing. Fill it in."),
    Code.UNKNOWN_PARAM: _("This action has no “%(param)s”. Correct its name or remove it."),
    Code.BAD_PARAM: _(
        "The action does not take “%(value)s” here. Correct it (the rule is %(rule)s: %(wanted)s)."
    ),
    Code.TEMPLATE_NOT_ALLOWED: _("Nothing can be filled in here with {{ }}. Write the value."),
    Code.UNKNOWN_REFERENCE: _(
        "“%(key)s” does not exist. Choose an existing one, or create it first (%(kind)s)."
    ),
    Code.UNKNOWN_TABLE: _("Workflows cannot touch “%(table)s”. Choose a table from the list."),
    Code.UNKNOWN_FIELD: _("“%(table)s” has no field “%(field)s” that workflows may change."),
    Code.FIELD_NOT_WRITABLE: _("Workflows may read “%(field)s” of “%(table)s”, but not change it."),
    Code.OTHER_RECORD: _(
        "“%(path)s” names a record of “%(other)s”, and a record of “%(table)s” is needed. Find that"
        " record in a step before, and choose its id."
    ),
    Code.NO_RECORD: _(
        "“%(path)s” is not the id of a record of “%(table)s”. Find the record in a step before, and"
        " choose its id."
    ),
    Code.WHOLE_RECORD: _("“%(path)s” is a whole record. Choose one of its fields."),
    Code.WHOLE_LIST: _(
        "“%(path)s” is a whole list. Choose a field of its first, go through it item by item, or"
        " use the filter join."
    ),
    # Templates, when they are checked
    Code.TEMPLATE_SYNTAX: _(
        "What stands between {{ and }} or {%% and %%} cannot be read. Correct it: %(reason)s"
    ),
    Code.TEMPLATE_TOO_LONG: _("This text is too long: at most %(most)s characters."),
    Code.UNKNOWN_FILTER: _("There is no filter “%(filter)s”. Correct its name."),
    Code.BAD_PATH: _("“%(path)s” is not a field. Write it like trigger.order_id."),
    Code.UNKNOWN_ROOT: _(
        "“%(path)s” does not exist. Begin with trigger, steps, values, tenant, run or now."
    ),
    Code.UNKNOWN_STEP: _("“%(path)s” reads a step “%(step)s”, which does not exist."),
    Code.LATER_STEP: _(
        "“%(path)s” reads the step “%(step)s”, which has not run yet at this point. "
        "Move that step before this one."
    ),
    Code.OTHER_BRANCH: _(
        "“%(path)s” reads the step “%(step)s”, which is on another branch: "
        "it never runs before this point. Choose another step."
    ),
    Code.INSIDE_BLOCK: _(
        "“%(path)s” reads the step “%(step)s”, which only the steps inside “%(block)s” can read. "
        "From outside, read the result of “%(block)s”."
    ),
    Code.UNKNOWN_STEP_PART: _("“%(path)s” does not exist. A step has output, status and error."),
    Code.UNKNOWN_STEP_ERROR_PART: _(
        "“%(path)s” is always empty. The error of a step has code and, of a web address that"
        " answered, http_status. What happened in words stands on the page of the run: link it by"
        " run.id."
    ),
    Code.UNKNOWN_TRIGGER_FIELD: _("The event has no field “%(field)s” (in “%(path)s”)."),
    Code.UNKNOWN_OUTPUT_FIELD: _(
        "The result of the step “%(step)s” has no field “%(field)s” (in “%(path)s”)."
    ),
    Code.NO_ITEM_HERE: _(
        "“%(path)s” can only be read in steps that run once for each item of a list, "
        "and outer only where one such list lies inside another."
    ),
    Code.UNKNOWN_ITEM_PART: _(
        "“%(path)s” does not exist. Around an item there are outer.item and outer.item_index."
    ),
    Code.NO_ERROR_HERE: _(
        "“%(path)s” can only be read in the steps that follow an error. Remove it here."
    ),
    Code.UNKNOWN_ERROR_PART: _(
        "“%(path)s” does not exist. The error has code, step and http_status."
    ),
    Code.UNKNOWN_RUN_PART: _(
        "“%(path)s” does not exist. A run has id, workflow, version, started_at and actor."
    ),
    Code.NOW_HAS_NO_PARTS: _(
        "“%(path)s” does not exist: now is a time. Print it with the filter date."
    ),
    Code.UNKNOWN_VALUE_PART: _(
        "“%(path)s” is always empty: what the settings of this workflow have under “%(name)s” holds"
        " no such part. Correct the path, or the value."
    ),
    Code.UNKNOWN_VALUE: _(
        "The settings of this workflow have no “%(name)s” (in “%(path)s”). Add it, or correct it."
    ),
    Code.UNKNOWN_TENANT_FIELD: _("“%(path)s” does not exist. Correct the name."),
    Code.NOT_KNOWN_AT_START: _(
        "“%(path)s” is not known when a run starts. "
        "Use fields of trigger, previous, tenant or values."
    ),
    Code.MAY_BE_MISSING: _(
        "The step “%(step)s” may be skipped or fail, and then “%(path)s” is missing. "
        "Add a default, or a condition that asks whether it exists."
    ),
    # Conditions, when they are checked
    Code.BAD_CONDITION: _("A condition is a list of rows of which all, or any, have to hold."),
    Code.UNKNOWN_OPERATOR: _("There is no comparison “%(operator)s”. Choose one from the list."),
    Code.OPERATOR_NEEDS_VALUE: _("“%(operator)s” needs a value to compare with. Fill it in."),
    Code.OPERATOR_TAKES_NO_VALUE: _("“%(operator)s” takes no value. Remove it."),
    Code.OPERATOR_WANTS_LIST: _("“%(operator)s” needs a list of values."),
    Code.OPERATOR_WANTS_PAIR: _("“%(operator)s” needs two values: the least and the most."),
    Code.OPERATOR_WANTS_DURATION: _("“%(operator)s” needs a duration, like 30m, 2h or 7d."),
    Code.OPERATOR_WANTS_NUMBER: _("“%(operator)s” needs a number."),
    Code.OPERATOR_WANTS_DATE: _("“%(operator)s” needs a date, like 2026-01-31."),
    Code.NEEDS_TRIGGER_FIELD: _(
        "“%(operator)s” looks at how a record changed: choose a field of the trigger."
    ),
    Code.FILTER_TAKES_TRIGGER_ONLY: _(
        "Whether the workflow starts can depend on fields of the trigger only, not on “%(field)s”."
    ),
    Code.SECRET_IN_STEP: _(
        "The header “%(header)s” carries credentials, and everybody who sees this workflow would"
        " read them. Put them into a connection of the kind “Web service (HTTP)”, and choose it in"
        " this step."
    ),
    Code.FILTER_TAKES_NO_TEMPLATE: _(
        "What decides whether the workflow starts has to be written out: "
        "{{ }} is not filled in here."
    ),
    # While a step is rendered or a condition decided
    Code.MISSING_VALUE: _(
        "“%(path)s” has no value. Correct the record or the event, or give the field a default."
    ),
    Code.NOT_A_NUMBER: _("“%(value)s” is not a number (in “%(path)s”). Correct the value."),
    Code.NOT_A_DATE: _(
        "“%(value)s” is not a date (in “%(path)s”). Dates are written like 2026-01-31."
    ),
    Code.NOT_A_LIST: _("“%(path)s” has to be a list, but it is a %(kind)s."),
    Code.NOT_TEXT: _(
        "“%(path)s” is a %(kind)s and cannot be printed as text. Use the filter join or json."
    ),
    Code.NOT_COMPARABLE: _("A %(kind)s cannot be compared like this. Choose another field."),
    Code.NOT_A_DURATION: _(
        "“%(value)s” is not a duration. Write it like 2h or 7d, in date_add like 3 days."
    ),
    Code.NOT_A_PHONE: _("“%(value)s” is not a phone number (in “%(path)s”). Correct the number."),
    Code.NOT_A_CURRENCY: _("“%(value)s” is not a currency. Write its three letters, like SAR."),
    Code.NOT_A_VALUE: _("A workflow cannot work with this kind of value (%(kind)s)."),
    Code.DIVISION_BY_ZERO: _("“%(path)s” is divided by zero. Add a condition against zero."),
    Code.BAD_FORMAT: _("“%(format)s” is not a way to write dates. An example: %%d.%%m.%%Y"),
    Code.BAD_FILTER_USE: _("The filter “%(filter)s” is not used as it can be: %(reason)s"),
    Code.TEMPLATE_FAILED: _("The text could not be filled in: %(reason)s"),
    Code.LIMIT_REACHED: _("This is too much at once: the limit for %(limit)s is %(most)s."),
    Code.TOO_MUCH_WORK: _(
        "This takes too much work to fill in or to decide. Use fewer rounds or a shorter list, or "
        "divide it among several steps."
    ),
}

_SUGGESTION: Final = _("Did you mean “%(suggestion)s”?")

# Params that are words of the language themselves.
_WORDS: Final[Mapping[str, Any]] = {
    "text": _("text"),
    "string": _("text"),
    "number": _("number"),
    "whole number": _("whole number"),
    "integer": _("whole number"),
    "boolean": _("yes or no"),
    "list": _("list"),
    "array": _("list"),
    "object": _("group of fields"),
    "condition": _("condition"),
    "step": _("step"),
    "null": _("empty value"),
    "nesting": _("nesting"),
    "digits": _("the digits of a number"),
    "loop": _("rounds of a loop"),
    "output": _("the length of a text"),
    "assign": _("assigned values"),
    "wait": _("a wait"),
    "items": _("the items of a list"),
    "items_bytes": _("the size of a list, in bytes"),
}
_WORD_PARAMS: Final = ("expected", "found", "kind", "limit")


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Return the sentence in the active language.

    Never raises: an unknown code, or one whose facts are not there, is shown as it is.
    """
    values = {"path": (params or {}).get("place", "…"), **(params or {})}
    try:
        said = str(SENTENCES[code]) % {name: _shown(name, values[name]) for name in values}
        if why := why_not(code, values):
            return f"{said} {why}"
        if values.get("suggestion"):
            return f"{said} {_SUGGESTION % {'suggestion': apart(values['suggestion'])}}"
    except (KeyError, TypeError, ValueError):
        return f"{code} {dict(params)}" if params else str(code)
    return said


def _shown(name: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        return listed(_shown(name, one) for one in value)
    if name == "operator":
        return str(OPERATORS.get(value, value))
    if name == "value":
        return apart(shown(str(value)))
    if name in _WORD_PARAMS and value in _WORDS:
        return str(_WORDS[value])
    return apart(value)
