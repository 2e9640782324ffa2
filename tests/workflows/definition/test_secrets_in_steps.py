"""Credentials that somebody typed into a step, where everybody reads them."""

import pytest

from actions.library.http_request import PARAMS
from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.validate import validate
from workflows.presentation.documents.problems import sentence

ASK = {"method": "GET", "url": "https://x.example"}
CATALOGUE = Catalogue(actions={"http_request": ActionSignature(params=PARAMS)}, events={"x": None})


def problems(headers):
    step = {"name": "a", "action": "http_request", "params": {**ASK, "headers": headers}}
    return validate({"name": "W", "trigger_type": "x", "steps": [step]}, CATALOGUE)


@pytest.mark.parametrize(
    "header",
    [
        *("Authorization", "authorization", " Authorization ", "Proxy-Authorization", "Cookie"),
        *("X-Api-Key", "api_key", "ApiKey", "X-Auth-Token", "X-Shopify-Access-Token"),
        *("Ocp-Apim-Subscription-Key", "X-Secret", "token", "X-Acme-Password"),
    ],
)
def test_a_header_with_credentials_is_a_problem_with_the_way_out(header):
    [problem] = problems({header: "Bearer abc"})

    assert (problem.code, problem.params) == ("secret_in_step", {"header": header})
    assert problem.path == f"/steps/0/params/headers/{header}"
    assert "connection" in sentence(problem.code, problem.params)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/plain", "X-Request-Id": "7", "Idempotency": "k", "X-Author": "me"},
        {"Authorization": "Bearer {{ steps.log_in.output.token | default: '' }}"},
        {"Authorization": ""},
        {"X-Tokens-Left": "7", "Keyboard": "x", "X-Key": "7", "If-Match": "secret"},
    ],
)
def test_other_headers_and_what_is_filled_in_are_none(headers):
    assert [one.code for one in problems(headers) if one.code == "secret_in_step"] == []
