"""Every problem the API answers with: its stable code, status, title and sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.core.json.faults import JsonFault
from workflows.presentation import json_faults


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem. `detail` takes the problem's params."""

    status: int
    title: Any  # a lazy translation
    detail: Any  # a lazy translation


_BAD_JSON: Final = _("The body is not acceptable JSON.")
_BAD_KEY: Final = _("The API key is not accepted.")
_NOT_NOW: Final = _("This cannot be done to the run as it stands.")

# What is said in other words of the body of a request than of a field of a form.
_OF_A_BODY: Final = {JsonFault.EMPTY, JsonFault.NOT_AN_OBJECT, JsonFault.TOO_LARGE}

KINDS: Final[Mapping[str, ProblemKind]] = {
    JsonFault.EMPTY: ProblemKind(
        400, _BAD_JSON, _("The body is empty. Send a JSON object, at least {}.")
    ),
    **{
        fault: ProblemKind(400, _BAD_JSON, json_faults.SENTENCES[fault])
        for fault in JsonFault
        if fault not in _OF_A_BODY
    },
    JsonFault.NOT_AN_OBJECT: ProblemKind(
        400, _BAD_JSON, _("The body has to be a JSON object, not: %(found)s.")
    ),
    JsonFault.TOO_LARGE: ProblemKind(
        413, _("The body is too large."), json_faults.SENTENCES[JsonFault.TOO_LARGE]
    ),
    "bad_request": ProblemKind(400, _("The request cannot be read."), _("%(reason)s")),
    "request_interrupted": ProblemKind(
        400, _("The request broke off."), _("The body did not arrive completely. Send it again.")
    ),
    "invalid_parameters": ProblemKind(
        400, _("Parameters are not right."), _("Correct the parameters named in “errors”.")
    ),
    "invalid_trigger_type": ProblemKind(
        400,
        _("This is not the name of an event type."),
        _(
            "A name has small letters, digits, “_” and “.”, begins with a letter, and has at most "
            "100 characters."
        ),
    ),
    "invalid_idempotency_key": ProblemKind(
        400,
        _("The Idempotency-Key is not acceptable."),
        _("It needs 1 to 255 visible ASCII characters, without spaces."),
    ),
    "order_id_too_long": ProblemKind(
        400,
        _("The payload cannot be stored."),
        _("“order_id” has more than %(limit)s characters: runs are looked up by it."),
    ),
    "not_authenticated": ProblemKind(
        401, _("An API key is needed."), _("Send the header “Authorization: Api-Key …”.")
    ),
    "api_key_unknown": ProblemKind(
        401, _BAD_KEY, _("There is no such key. Check that it is complete.")
    ),
    "api_key_revoked": ProblemKind(401, _BAD_KEY, _("The key was revoked. Ask for a new one.")),
    "api_key_expired": ProblemKind(401, _BAD_KEY, _("The key has expired. Ask for a new one.")),
    "missing_scope": ProblemKind(
        403, _("The API key may not do this."), _("The key lacks the scope “%(scope)s”.")
    ),
    "maker_may_not": ProblemKind(
        403,
        _("The API key may not do this."),
        _(
            "The key has the scope “%(scope)s”, and whoever made it may not do that any more. "
            "Somebody of Operations can take the key over on its page."
        ),
    ),
    "permission_denied": ProblemKind(403, _("This is not allowed."), _("This is not allowed.")),
    "not_found": ProblemKind(404, _("Not found."), _("There is nothing here for this API key.")),
    "unknown_address": ProblemKind(
        404, _("Not found."), _("The API has no such address. Each ends with a slash.")
    ),
    "method_not_allowed": ProblemKind(
        405, _("This method is not allowed here."), _("The header “Allow” names those that are.")
    ),
    "not_acceptable": ProblemKind(
        406, _("This cannot be answered as asked."), _("Answers are application/json only.")
    ),
    "length_required": ProblemKind(
        411, _("The length of the body is needed."), _("Send the header Content-Length.")
    ),
    "unsupported_media_type": ProblemKind(
        415, _("This kind of body is not read."), _("Send “Content-Type: application/json”.")
    ),
    "invalid_decision": ProblemKind(
        400, _("The decision is not readable."), _("Expected here: %(expected)s.")
    ),
    "may_not_decide": ProblemKind(403, _("This is not yours to decide."), _("%(reason)s")),
    "already_decided": ProblemKind(
        409,
        _("This is decided already."),
        _("“%(choice)s” was chosen by %(who)s at %(when)s."),
    ),
    "no_longer_open": ProblemKind(409, _("This cannot be decided any more."), _("%(reason)s")),
    "unknown_choice": ProblemKind(
        422, _("There is no such choice."), _("Choose one of: %(choices)s.")
    ),
    "answer_invalid": ProblemKind(
        422, _("The form is not filled in right."), _("Correct the answers named in “errors”.")
    ),
    "invalid_retry": ProblemKind(
        400, _("The body does not say how to retry."), _("Expected: %(expected)s.")
    ),
    "run_has_ended": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "not_failed": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "nothing_failed": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "still_running": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "already_under_way": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "never_published": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "not_from_a_record": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "record_gone": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "values_handed_over": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "program_unreadable": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "is_a_part": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "done_meanwhile": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "failed_elsewhere": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "went_on": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "not_by_hand": ProblemKind(409, _NOT_NOW, _("%(reason)s")),
    "value_refused": ProblemKind(422, _("This value cannot be used."), _("%(reason)s")),
    "step_not_possible": ProblemKind(422, _("The run cannot begin at this step."), _("%(reason)s")),
    "idempotency_key_reused": ProblemKind(
        422,
        _("The Idempotency-Key was used for another request."),
        _("Repeat a request unchanged, or choose a new key for a new one."),
    ),
    "too_much_pending": ProblemKind(
        429,
        _("Too much work is waiting."),
        _("More than %(limit)s runs are waiting to be done. Try again later."),
    ),
    "too_many_at_once": ProblemKind(
        429,
        _("Too many requests at once."),
        _("Several requests of this key are under way. Wait for their answers, then try again."),
    ),
    "throttled": ProblemKind(429, _("Too many requests."), _("Try again later.")),
    "internal_error": ProblemKind(
        500,
        _("Something went wrong here."),
        _("It was written down. %(next)s"),
    ),
    "database_unavailable": ProblemKind(
        503,
        _("The database cannot be reached."),
        "%(next)s",
    ),
    "database_busy": ProblemKind(503, _("The database is busy."), "%(next)s"),
    "took_too_long": ProblemKind(
        503,
        _("This took too long, and was stopped."),
        _("Narrow it down: ask for one workflow, one record or a shorter time. %(next)s"),
    ),
}

# What to do next where the reason was here.
ASK_AGAIN: Final = _("Try again in a few seconds.")
ASK_AGAIN_WITH_KEY: Final = _(
    "Whether this was accepted is not sure. Try again, with the same Idempotency-Key."
)

# What can be wrong with one parameter of an address.
PARAMETER_SENTENCES: Final[Mapping[str, Any]] = {
    "unknown_parameter": _("There is no such parameter here. Known are: %(known)s."),
    "repeated_parameter": _("Give it once."),
    "parameter_empty": _("It is empty. Leave it out, or give a value."),
    "parameter_too_long": _("At most %(limit)s characters."),
    "bad_characters": _("It holds control characters."),
    "not_a_choice": _("Choose one of: %(choices)s."),
    "not_a_uuid": _("This is not an id (a UUID)."),
    "not_a_moment": _("Write a date and time with its offset, like 2026-03-29T08:00:00Z."),
    "not_in_range": _("A whole number from %(least)s to %(most)s."),
    "belongs_together": _("Give “%(other)s” too: they belong together."),
}
