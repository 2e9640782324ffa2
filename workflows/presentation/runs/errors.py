"""One sentence for each code that a step or a run can fail with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from actions import records
from actions import wording as actions_wording
from actions.models.connection import ConnectionKind
from actions.providers.sentences import of_provider
from tenants.core.text.listing import apart, name_apart
from workflows.engine.limits import LIMIT_REACHED
from workflows.engine.outcomes import Doubt
from workflows.presentation import json_faults
from workflows.presentation.documents import problems
from workflows.presentation.documents.comparisons import WORDS
from workflows.presentation.times import duration, short_moment
from workflows.presentation.values import spelt_out

# What the columns of a run's row hold.
COLUMNS: Final[Mapping[str, Any]] = {
    "trigger_payload": _("the values that started it"),
    "step_results": _("what its steps did"),
    "pending": _("the step under way"),
    "previous": _("the values from before the change"),
    "item": _("its item"),
}

# The engine's own codes. Actions and the language bring theirs.
SENTENCES: Final[Mapping[str, Any]] = {
    "unknown_action": _(
        "This version uses the action “%(action)s”, which no longer exists. "
        "Publish the workflow with another action and start it again."
    ),
    "outcome_unknown": _(
        "Nobody knows whether this step was done. Look on the other side before you repeat it."
    ),
    "unreadable_event": _(
        "The values of this event cannot be read: a number in it is too long, or it is nested "
        "too deeply."
    ),
    "poisoned": _(
        "The worker died in this run %(crashes)s times. It will not be tried again: "
        "a developer has to find out why."
    ),
    "engine_error": _(
        "Sayr itself has a fault here, and could not carry this out: %(reason)s "
        "Tell a developer; the log of the workers says more."
    ),
    "unreadable_row": _(
        "What is stored of this run cannot be read, so it was ended (%(what)s). If a step was "
        "under way, nobody knows whether it was done. Correct the values and start again."
    ),
    "program_unreadable": _(
        "The program of this version cannot be executed here. "
        "Publish the workflow again: %(reason)s"
    ),
    "stopped": _("The workflow stopped here: %(message)s"),
    "not_in_time": _("It waited for %(waited)s, and nothing came."),
    "items_failed": _("%(failed)s of %(items)s went wrong. The page of each says why."),
    "item_failed": _("Item %(item)s failed. %(why)s"),
    "branch_failed": _("The branch “%(branch)s” failed. %(why)s"),
    "workflow_failed": _("The workflow “%(workflow)s” failed. %(why)s"),
    "workflow_not_active": _(
        "The workflow “%(workflow)s” cannot be run: it is switched off, or was never published. "
        "Switch it on, then retry."
    ),
    "chain_too_long": _(
        "%(most)s workflows have run one another, so no further one was started. "
        "Most likely they run in a circle."
    ),
    "deadline_passed": _("The run was not done by its deadline, %(deadline)s."),
    "step_timed_out": _("Its values were not worked out in %(waited)s, the step's time limit."),
    "replaced_by_newer": _("A newer run with the same key has taken its place."),
    "cancelled": _("The run was cancelled."),
    "output_too_large": _(
        "The step's result is %(bytes)s bytes; at most %(limit_bytes)s are kept. "
        "Ask for less of the answer."
    ),
    "input_too_large": _(
        "What this step would be given is %(bytes)s bytes; at most %(limit_bytes)s are kept. "
        "Give it less. Nothing was done."
    ),
    "input_not_storable": _(
        "What this step would be given cannot be stored, so nothing was done: %(reason)s"
    ),
    "bad_approver": _(
        "“%(approver)s” is no person and no mail address that can be asked. Nobody was asked."
    ),
    "approver_not_allowed": _(
        "“%(approver)s” came with the values of this run, and is no member of the company, so "
        "nobody was asked. Make this person a member, or let an administrator allow the address "
        "in the settings of the company. Then retry."
    ),
    "result_not_storable": _("What came of this step cannot be stored: %(reason)s"),
    "output_not_json": _("The step's result cannot be stored: %(reason)s"),
    "action_crashed": _("The action itself has a fault, tell a developer: %(reason)s"),
    "refused_by_database": _("The database refused the change: %(reason)s"),
    "database_trouble": _("The database could not do this now: %(reason)s"),
    "nothing_fires": _(
        "Nothing fires “%(event)s” any more: it is no event that is known here, no schedule and "
        "no workflow fires it, and none came in the last 30 days."
    ),
    "condition_not_met": _("Skipped: its condition was not met."),
}


# Of a step that may have been done: why nobody knows, and what to check.
_UNKNOWN: Final[Mapping[str, Any]] = {
    Doubt.WORKER_DIED: _(
        "The worker died in the middle of this step, and nobody knows whether it was done. "
        "Look on the other side before you repeat it."
    ),
    Doubt.WORKER_HELD: _(
        "The worker was ended in the middle of this step, because something held it up, and nobody "
        "knows whether the step was done. Look on the other side before you repeat it."
    ),
    Doubt.NOT_RECORDED: _(
        "This step was under way, and the database could not take note of what came of it. "
        "Look on the other side before you repeat it."
    ),
    Doubt.NO_ANSWER: _(
        "No answer came in time from %(host)s: it may have been done all the same. "
        "Look there before you repeat it."
    ),
    Doubt.CONNECTION_LOST: _(
        "The connection to %(host)s was lost before an answer came: it may have been done all the "
        "same. Look there before you repeat it."
    ),
    Doubt.GATEWAY_ERROR: _(
        "%(host)s answered with the error %(status)s after everything was sent. A server in "
        "between may have answered, and it may have been done all the same. "
        "Look there before you repeat it."
    ),
    Doubt.UNCLEAR_ANSWER: _(
        "An answer came that leaves open whether it was done. "
        "Look on the other side before you repeat it."
    ),
}
_ANSWERED: Final = _("%(why)s The answer: %(answer)s")
_LEFT_OPEN: Final = _("An answer came that leaves open whether it was done. %(why)s")
# Failures whose own sentences say what came and what to check.
_UNCLEAR: Final = frozenset({"whatsapp_answer_unclear", "whatsapp_answer_empty"})
_THE_OTHER_SIDE: Final = _("the other side")
# A wait that is a loop counts its rounds.
_TRIED: Final = _("It was tried %(rounds)s times, and the condition was never met.")
# What a single run may take, by the limit that was reached.
_LIMITS: Final[Mapping[str, Any]] = {
    "entries": _(
        "The run has taken %(most)s steps, and its loops may not go on. "
        "Most likely the condition that ends one never holds."
    ),
    "result_bytes": _(
        "What the steps before this one have brought is too much to keep: more than %(most)s "
        "bytes. Let them ask for less, or let “Run another workflow” do a part."
    ),
}
_AT: Final = _("At “%(step)s”: %(why)s")
_ITS_PAGE: Final = _("Its own page says why.")
KINDS: Final = {kind.value: kind.label for kind in ConnectionKind}
# Codes of a value that is not let in: what is wrong with it stands in the parameters.
_OF_VALUES: Final = frozenset({"input_not_storable", "output_not_json"})
_IN_SECONDS: Final = frozenset({"not_in_time", "step_timed_out"})
# Codes that tell of another run: its own code, step and sentence stand in the parameters.
_OF_OTHERS: Final = frozenset({"item_failed", "branch_failed", "workflow_failed"})


def sentence(code: str, params: Mapping[str, Any] | None) -> str:
    """Return the sentence in the active language.

    Never raises: an unknown code is shown as it is.
    """
    values = dict(params or {})
    if code in SENTENCES:
        try:
            given = {name: _apart(value) for name, value in values.items()}
            return str(_said(code, values)) % {**given, **_worded(code, values)}
        except (KeyError, TypeError, ValueError):
            return f"{code} {values}"
    if code == LIMIT_REACHED and values.get("limit") in _LIMITS:
        return str(_LIMITS[values["limit"]]) % values
    if code in actions_wording.SENTENCES or code in actions_wording.EARLIER:
        return actions_wording.sentence(code, {**values, **_named(values)})
    return problems.sentence(code, values)


def _said(code: str, values: Mapping[str, Any]) -> Any:
    """Return the sentence for a code, which may depend on what is known."""
    if code == "not_in_time" and "rounds" in values:
        return _TRIED
    if code == "outcome_unknown":
        told = _told_by_provider(values)
        if told:
            return told
        said = str(_UNKNOWN.get(str(values.get("reason")), SENTENCES[code]))
        return str(_ANSWERED).replace("%(why)s", said) if values.get("answer") else said
    return SENTENCES[code]


def _told_by_provider(values: Mapping[str, Any]) -> str:
    """Return what is known of an answer that leaves open whether the step was done."""
    failure = str(values.get("code"))
    if failure not in _UNCLEAR and of_provider(failure, values.get("provider_code")) is None:
        return ""
    said = _LEFT_OPEN % {"why": actions_wording.sentence(failure, values)}
    return said.replace("%", "%%")


def _table(alias: object) -> str:
    """Return what people call a kind of record; in English its name says it."""
    language = get_language() or "en"
    known = next((one for one in records.all_records() if one.alias == alias), None)
    return str(known.label) if known and not language.startswith("en") else ""


def countries() -> Mapping[str, str]:
    """Return what the reader's language calls the countries, by their two letters."""
    try:
        return Locale.parse((get_language() or "en").replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        return {}


def _named(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what people call a comparison and a kind of connection."""
    country = countries().get(str(values.get("country")))
    comparison, kind = WORDS.get(str(values.get("operator"))), KINDS.get(str(values.get("kind")))
    found = {
        "operator": comparison,
        "kind": kind,
        "country": country,
        "table": _table(values.get("table")),
    }
    return {name: str(words) for name, words in found.items() if words}


def _apart(value: Any) -> Any:
    return apart(value) if isinstance(value, str) else value


def _why_of_other(values: Mapping[str, Any]) -> str:
    """Return why another run failed: its sentence was written, in English, when that run ended."""
    written, code = values.get("message"), values["code"]
    if (get_language() or "en").startswith("en"):
        return str(written or sentence(code, {}))
    known = SENTENCES.get(code) or actions_wording.SENTENCES.get(code)
    # Without the facts, which that run has, there is no sentence in another language.
    return str(_ITS_PAGE) if known is None or "%(" in str(known) else sentence(code, {})


def _worded(code: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return those parameters in words that are kept in another form."""
    if code in _OF_OTHERS:
        why = _why_of_other(values)
        step = name_apart(spelt_out(str(values.get("step") or "")))
        return {"why": str(_AT % {"step": step, "why": why}) if step else why}
    if code in _OF_VALUES and values.get("fault") in json_faults.SENTENCES:
        return {"reason": json_faults.said(values["fault"], values, values.get("at"))}
    if code == "outcome_unknown":
        return {"host": apart(values.get("host") or _THE_OTHER_SIDE)}
    if code in _IN_SECONDS and "seconds" in values:
        return {"waited": duration(timedelta(seconds=values["seconds"]))}
    if code == "deadline_passed" and "deadline" in values:
        return {"deadline": short_moment(datetime.fromisoformat(values["deadline"]))}
    what = COLUMNS.get(str(values.get("column")))
    return {"what": str(what)} if what else {}
