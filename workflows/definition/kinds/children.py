"""Kinds that start runs of their own, and wait for all of them."""

from typing import Final

from workflows.definition.kinds.parts import (
    AS_WRITTEN,
    IDENTIFIER,
    LABEL,
    LIST,
    NUMBER,
    RESULT,
    SOME_STEPS,
    StepKind,
    always,
    an_object,
    an_output,
    choice,
    objects,
    texts_in,
    whole_number,
)

MAX_AT_ONCE: Final = 50
USUALLY_AT_ONCE: Final = 5
MAX_BRANCHES: Final = 20

KINDS: Final = (
    StepKind(
        "for_each",
        an_object(
            ["items", "steps"],
            items={"type": "array"},
            steps=SOME_STEPS,
            concurrency=whole_number(1, MAX_AT_ONCE, default=USUALLY_AT_ONCE),
            result=RESULT,
            if_one_fails=choice("continue", "stop", default="continue"),
        ),
        rendered=("items",),
        is_checked=True,
        output=always(results=LIST, succeeded=NUMBER, failed=NUMBER, items=NUMBER),
    ),
    StepKind(
        "parallel",
        an_object(
            ["branches"],
            branches=objects(
                ["name", "steps"],
                least=2,
                most=MAX_BRANCHES,
                name=IDENTIFIER,
                label=LABEL,
                steps=SOME_STEPS,
                result=RESULT,
            ),
            if_one_fails=choice("stop", "continue", default="stop"),
        ),
        output=lambda params, _: an_output(*texts_in(params.get("branches"), "name")),
    ),
    StepKind(
        "run_workflow",
        an_object(
            ["workflow"],
            workflow={
                "type": "string",
                "minLength": 1,
                "x-reference": "workflow",
                **AS_WRITTEN,
            },
            input={"type": "object"},
        ),
        rendered=("input",),
        is_checked=True,
    ),
)
