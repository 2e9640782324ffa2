"""Every reason for which something is not done to a run has a sentence."""

import re
from pathlib import Path

import pytest

from workflows import services
from workflows.api.codes import KINDS
from workflows.api.problems import NOT_FOUND, WRONG
from workflows.engine.history import taking_over
from workflows.presentation.runs.refusals import SENTENCES, refusal_sentence
from workflows.services.approvals import spent as spent_decisions
from workflows.services.runs import starting

SOURCES = Path(services.__file__).parent / "runs"
SERVICES = (
    *("retry", "starting", "record_values"),
    *("one_step", "parts", "corrections", "taking"),
)
CODES = sorted(
    {
        code
        for name in SERVICES
        for code in re.findall(
            r'(?:NotRetryable\([^,]+, |refusal_sentence\()"(\w+)"\)',
            (SOURCES / f"{name}.py").read_text(),
        )
    }
    | {"run_has_ended", "results_missing", "not_reached"}
    | {"done_meanwhile", "went_on", "failed_elsewhere"}
    | {spent_decisions.SPENT}
    | {starting.FILTERED_OUT, starting.ON_VALUES_OF_THE_RUN}
    | {taking_over.ON_OTHER_VALUES, taking_over.OTHERWISE, taking_over.ASKS_OTHERWISE}
)


def test_the_codes_were_found():
    assert len(CODES) >= 10


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_sentence(code):
    assert refusal_sentence(code).endswith(".")


def test_every_sentence_is_of_a_code():
    assert set(SENTENCES) == set(CODES)


def test_the_api_knows_every_code_that_it_can_meet():
    of_the_admin = {"taken_by_other"}

    assert set(CODES) - of_the_admin - NOT_FOUND - WRONG <= set(KINDS)
