"""A step whose author says `after_crash: "ask"` is never sent again in doubt."""

import pytest
from django.utils import timezone

from actions.errors import TemporaryFailure
from actions.spec import Effect
from tests.support.machine import LEASE
from tests.support.time_travel import travel
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

SAID: tuple[dict[str, str], ...] = ({}, {"after_crash": "repeat"}, {"after_crash": "ask"})


def probe(**more):
    return {"name": "call", "action": "probe", "params": {"to": "bank"}, **more}


@pytest.mark.parametrize("said", SAID, ids=str)
@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_lost_answer(tenant, machine, library, publish_steps, said, has_arrived):
    calls = []

    def lose(params, context):
        calls.append(context.idempotency_key)
        raise TemporaryFailure("timed_out", may_have_arrived=has_arrived)

    library(Effect.REPEATABLE, lose)
    publish_steps(tenant, probe(**said))
    fire(tenant, "x", {})

    for _try in range(4):
        machine.work()
        travel()

    run = WorkflowRun.objects.get()
    is_in_doubt = has_arrived and said == {"after_crash": "ask"}
    assert (run.status, run.error_code, len(calls)) == (
        ("failed", "outcome_unknown", 1) if is_in_doubt else ("failed", "timed_out", 3)
    )


@pytest.mark.parametrize("said", SAID, ids=str)
@pytest.mark.parametrize("effect", [Effect.REPEATABLE, Effect.DATABASE])
def test_a_worker_that_died_in_it(tenant, machine, library, publish_steps, said, effect):
    calls = []
    library(effect, lambda params, context: calls.append(1) or {})
    publish_steps(tenant, probe(**said))
    fire(tenant, "x", {})
    # Claimed, begun, and never heard of again.
    machine.session.claim(1)
    WorkflowRun.objects.update(lease_until=timezone.now())
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
    travel()
    WorkflowRun.objects.update(due_at=timezone.now())

    machine.work()

    run = WorkflowRun.objects.get()
    must_ask = effect is Effect.REPEATABLE and said == {"after_crash": "ask"}
    assert (run.status, run.error_code, len(calls)) == (
        ("failed", "outcome_unknown", 0) if must_ask else ("completed", None, 1)
    )
