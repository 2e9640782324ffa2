"""How the wish to retry a run arrives, and why it may be refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from tenants.models.api_key import Scope
from workflows.api.refusals import ApiProblem
from workflows.presentation.runs.refusals import refusal_sentence
from workflows.services.refusals import Refused

# What a key needs besides reading: to cancel and retry is more than to fire.
OPERATE_RUNS: Final = Scope.OPERATE_RUNS

FAILED_STEP: Final = "failed_step"
START: Final = "start"
OWN, NEWEST = "own", "newest"
TRIGGER, RECORD = "trigger", "record"
KNOWN: Final = frozenset({"from", "version", "payload", "values"})
LONGEST_NAME: Final = 100

# Of a run that is not there, or not this tenant's, nothing is told.
NOT_FOUND: Final = frozenset({"unknown_run"})
# The request names something that is not there; the others are about the run's state.
WRONG: Final = frozenset(
    {"unknown_step", "inside_a_step", "results_missing", "not_reached"}
    | {"decided_on_other_values", "decided_otherwise", "asks_otherwise", "filtered_out"}
    | {"asks_on_values_of_the_run", "decision_used"}
)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a run is to be retried."""

    is_same_run: bool  # from the failed step; else it is a new run
    from_step: str = ""  # "": from the start
    newest: bool = False
    payload: Mapping[str, Json] | None = None
    with_record: bool = False  # with what the run's record says today


def wish_in(body: Mapping[str, Json]) -> Wish:
    """Read the body of a retry. Raises ApiProblem."""
    for name in body:
        if name not in KNOWN:
            raise _wrong(name, ", ".join(sorted(KNOWN)))
    begin, newest, payload = _begin(body), _newest(body), _payload(body)
    with_record = _with_record(body)
    if with_record and payload is not None:
        raise _wrong("payload", f"none, or another “values” than {RECORD}")
    if begin != FAILED_STEP:
        return Wish(False, "" if begin == START else begin, newest, payload, with_record)
    # The run that failed goes on as it was made.
    if newest:
        raise _wrong("version", OWN)
    if payload is not None:
        raise _wrong("payload", f"none, or another “from” than {FAILED_STEP}")
    return Wish(True, with_record=with_record)


def problem_of(refused: Refused) -> ApiProblem:
    """Return the answer to a refusal. Its code is the service's."""
    if refused.code in NOT_FOUND:
        return ApiProblem("not_found")
    code = "step_not_possible" if refused.code in WRONG else refused.code
    return ApiProblem(code, {"reason": refusal_sentence(refused.code)})


def _begin(body: Mapping[str, Json]) -> str:
    begin: Json = body.get("from", FAILED_STEP)
    if not isinstance(begin, str) or not 0 < len(begin) <= LONGEST_NAME:
        raise _wrong("from", f"{FAILED_STEP}, {START}, or the name of a step")
    return begin


def _newest(body: Mapping[str, Json]) -> bool:
    version = body.get("version", OWN)
    if version not in (OWN, NEWEST):  # a tuple: it may be a list, which no set holds
        raise _wrong("version", f"{OWN} or {NEWEST}")
    return bool(version == NEWEST)


def _with_record(body: Mapping[str, Json]) -> bool:
    values = body.get("values", TRIGGER)
    if values not in (TRIGGER, RECORD):
        raise _wrong("values", f"{TRIGGER} or {RECORD}")
    return bool(values == RECORD)


def _payload(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    payload: Json = body.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise _wrong("payload", "an object")
    return payload


def _wrong(name: str, expected: str) -> ApiProblem:
    return ApiProblem.at({"pointer": pointer("", name)}, "invalid_retry", {"expected": expected})
