"""The account finds what is wrong: a suite that cannot fail would prove nothing."""

import json
from http.client import HTTPException
from urllib.request import Request, urlopen

import pytest

from tests.faults.jobs import batch_job
from tests.faults.journal import Delivery, Provider
from tests.faults.verdict import Expected, Left, RunSeen, judge

EXPECTED = Expected(
    steps=("confirm", "tell_shop", "tell_store"),
    messages=("tell_shop", "tell_store"),
    effects=("confirm",),
)
STEPS = tuple((name, "completed") for name in EXPECTED.steps)


def sent(step, key=None, order="A"):
    return Delivery(0.0, key or f"key-{step}", f"{order}/{step}")


def left(**other):
    all_is_well = {
        "runs": [RunSeen("A", "completed", STEPS)],
        "effects": {("A", "confirm"): 1},
        "deliveries": [sent("tell_shop"), sent("tell_store")],
    }
    return Left(**{**all_is_well, **other})


def test_nothing_is_found_where_all_is_well():
    verdict = judge(["A"], EXPECTED, left())

    assert (verdict.lost, verdict.doubled, verdict.repeated) == ([], [], 0)


LOST = {
    "no run": {"runs": []},
    "a run that has not ended": {"runs": [RunSeen("A", "running", STEPS)]},
    "a run that failed": {"runs": [RunSeen("A", "failed", STEPS)]},
    "a step left out": {"runs": [RunSeen("A", "completed", STEPS[:2])]},
    "a write that is not there": {"effects": {}},
    "a message that never came": {"deliveries": [sent("tell_shop")]},
    "a message of somebody else": {
        "deliveries": [sent("tell_shop"), sent("tell_store", order="B")]
    },
}
DOUBLED = {
    "two runs": {"runs": [RunSeen("A", "completed", STEPS)] * 2},
    "a step twice": {"runs": [RunSeen("A", "completed", (*STEPS, STEPS[0]))]},
    "a write twice": {"effects": {("A", "confirm"): 2}},
    "a message under two keys": {
        "deliveries": [sent("tell_shop"), sent("tell_store"), sent("tell_store", "other")]
    },
    "a finished step called again": {
        "deliveries": [sent("tell_shop"), sent("tell_store"), sent("tell_shop")]
    },
}


@pytest.mark.parametrize("wrong", LOST.values(), ids=LOST)
def test_what_is_missing_is_lost(wrong):
    verdict = judge(["A"], EXPECTED, left(**wrong))

    assert len(verdict.lost) == 1
    assert verdict.doubled == []


@pytest.mark.parametrize("wrong", DOUBLED.values(), ids=DOUBLED)
def test_what_is_there_twice_is_doubled(wrong):
    verdict = judge(["A"], EXPECTED, left(**wrong))

    assert verdict.lost == []
    assert len(verdict.doubled) == 1


def test_the_same_call_with_the_same_key_is_repeated():
    calls = [sent("tell_shop"), sent("tell_shop"), sent("tell_store")]

    verdict = judge(["A"], EXPECTED, left(deliveries=calls))

    assert (verdict.lost, verdict.doubled, verdict.repeated) == ([], [], 1)


def test_a_call_that_may_not_be_repeated_is_doubled_by_it():
    once = Expected(("tell",), ("tell",), at_most_once=True)
    seen = Left([RunSeen("A", "completed", (("tell", "completed"),))], {}, [sent("tell")] * 2)

    assert len(judge(["A"], once, seen).doubled) == 1


def test_a_call_held_as_unknown_may_have_arrived_or_not():
    once = Expected(("tell",), ("tell",), at_most_once=True)
    seen = Left([RunSeen("A", "completed", (("tell", "unknown"),))])

    assert judge(["A"], once, seen).lost == []


def test_each_child_run_is_counted():
    expected = batch_job("http://x/", 2).expected
    root = RunSeen("A", "completed", tuple((name, "completed") for name in expected.steps))
    child = (("tell_one", "completed"), ("announce_one", "completed"))
    effects = dict.fromkeys([("A", name) for name in expected.effects], 1)
    calls = [sent(f"item{item}", order="A") for item in range(2)]
    one = [root, RunSeen("A", "completed", child, 0)]

    assert judge(["A"], expected, Left(one, effects, calls)).lost == ["A: 1 of 2 child runs"]
    both = [*one, RunSeen("A", "completed", child, 1)]
    assert judge(["A"], expected, Left(both, effects, calls)).lost == []
    again = [*both, RunSeen("A", "completed", child, 1)]
    assert judge(["A"], expected, Left(again, effects, calls)).doubled == ["A: child 1 twice"]


@pytest.fixture
def provider(tmp_path):
    provider = Provider(tmp_path / "journal", seed=1)
    yield provider
    provider.kill()


def ask(address, message, key):
    body = json.dumps({"message": message}).encode()
    with urlopen(Request(address, body, {"Idempotency-Key": key}), timeout=5) as answer:
        answer.read()
        return answer.status


def test_the_receiver_writes_down_what_came_and_survives_its_death(provider):
    assert ask(provider.address("ok"), "A/tell", "key") == 200
    with pytest.raises((OSError, HTTPException)):
        ask(provider.address("die", share=1), "A/again", "key")
    provider.kill()
    provider.start()

    assert ask(provider.address("ok"), "B/tell", "other") == 200
    came = [(one.order, one.message, one.key) for one in provider.deliveries()]
    assert came == [("A", "A/tell", "key"), ("A", "A/again", "key"), ("B", "B/tell", "other")]
