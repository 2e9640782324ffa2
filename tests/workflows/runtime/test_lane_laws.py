"""The law of lanes, whatever happens to the runs in them, in whatever order.

A walk at random through what people, workers and clocks do. After each step: is room counted as it
is held, and does nobody sleep while there is room and nobody is on the way to take it?
"""

from random import Random

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.machine import LEASE, Machine
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.reaper import UNREADABLE_CRASHES, take_over_from_the_dead
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import Refused
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "{{ trigger.key }}"
VERSIONS: tuple[dict[str, object], ...] = (
    {"concurrency_key": KEY},
    {"max_running": 1},
    {"max_running": 2, "concurrency_key": KEY},
    {"max_running": 1, "concurrency_key": KEY},
    {"concurrency_key": KEY, "when_busy": "replace"},
    {"max_running": 3, "deadline": "1h"},
    {"max_running": 2, "concurrency_key": KEY, "deadline": "1h"},
    {"start_on_own_changes": False},
)
PAUSE = {"name": "pause", "action": "wait", "params": {"for": "2h"}}
ACT = {"name": "act", "action": "probe", "params": {"to": "{{ trigger.how }}"}}
ASIDE = {"name": "aside", "action": "wait", "params": {"for": "3h"}}

HOLDERS = """
SELECT lane.definition_id, lane.key, lane.holders, (SELECT count(*) FROM workflow_runs run
    WHERE run.definition_id = lane.definition_id AND run.holds_lane
        AND lane.key = ANY(run.lane_keys))
FROM workflow_lanes lane
"""

# Who sleeps although each of its lanes has room, nobody of its key comes first, and nobody who
# could take that room instead is due.
SLEEPS_BESIDE_ROOM = """
SELECT run.id FROM workflow_runs run
WHERE run.status = 'queued' AND run.wait_type = 'lane' AND run.due_at > now()
    AND NOT EXISTS (SELECT 1 FROM workflow_lanes lane
        WHERE lane.definition_id = run.definition_id AND lane.key = ANY(run.lane_keys)
            AND lane.holders >= lane."limit")
    AND NOT EXISTS (SELECT 1 FROM workflow_runs other
        WHERE other.definition_id = run.definition_id AND other.due_at IS NOT NULL
            AND other.id <> run.id AND NOT other.holds_lane
            AND (other.due_at <= now() AND other.lane IS NOT NULL OR other.lane = run.lane
                AND run.lane <> '' AND other.lane_keys IS DISTINCT FROM '{}'
                AND (other.arrival, other.id) < (run.arrival, run.id)))
"""


def laws_hold():
    """Fail if a lane counts wrongly, holds a place for an ended run, or sleeps beside its room."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS)
        counted = cursor.fetchall()
        cursor.execute(SLEEPS_BESIDE_ROOM)
        asleep = cursor.fetchall()
    assert [one for one in counted if one[2] != one[3]] == []
    assert not WorkflowRun.objects.filter(holds_lane=True, due_at=None).exists()
    assert asleep == []


class Company:
    """One workflow whose settings change, and one worker that is sometimes slow."""

    def __init__(self, tenant, chance):
        self.tenant, self.chance = tenant, chance
        self.definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
        self.machine = Machine()
        self.held = []
        self.publish()

    def publish(self):
        settings = self.chance.choice(VERSIONS)
        steps = {"steps": [PAUSE, ACT], "on_failure": [ASIDE]}
        document = {"name": "W", "trigger_type": "x", "settings": settings, **steps}
        publish(self.tenant, "tester", self.definition, document)

    def fire(self):
        for _ in range(self.chance.randint(1, 4)):
            facts = {"key": self.chance.choice("aab"), "how": self.chance.choice("yyn")}
            fire(self.tenant, "x", facts)

    def work_a_little(self):
        self.machine.turn(self.chance.randint(1, 3))

    def claim_and_be_slow(self):
        self.held += self.machine.session.claim(self.chance.randint(1, 3))

    def go_on_with_what_was_claimed(self):
        held, self.held = self.held, []
        for claim in held:
            self.machine.execute(claim)

    def die(self):
        """The worker dies with what it has claimed: once, or once too often."""
        ids = [claim.run_id for claim in self.held]
        self.held = []
        more = {"crashes": UNREADABLE_CRASHES - 1} if self.chance.random() < 0.4 else {}
        lost = WorkflowRun.objects.filter(pk__in=ids, status="running")
        lost.update(lease_until=timezone.now() - LEASE, **more)
        take_over_from_the_dead(self.machine.session.connection(), LEASE, sweep=True)
        back = WorkflowRun.objects.filter(pk__in=ids, status="queued", wait_type=None)
        back.update(due_at=F("created_at"))

    def cancel(self):
        self._do_to_one(lambda run: cancel(self.tenant, run.pk), due_at__isnull=False)

    def cancel_one_whose_turn_it_is(self):
        waits = {"status": "queued", "wait_type": None, "started_at": None}
        self._do_to_one(lambda run: cancel(self.tenant, run.pk), **waits)

    def retry(self):
        self._do_to_one(lambda run: retry_failed_step(self.tenant, run.pk), status="failed")

    def start_again(self):
        newest = self.chance.random() < 0.5
        self._do_to_one(
            lambda run: start_again(self.tenant, run.pk, "user:x", newest=newest), due_at=None
        )

    def let_time_pass(self):
        travel()

    def let_deadlines_pass(self):
        past = {"due_at": F("created_at"), "deadline_at": F("created_at")}
        live = WorkflowRun.objects.exclude(deadline_at=None)
        live.filter(status__in=["queued", "waiting"]).update(**past)

    def come_to_rest(self):
        self.go_on_with_what_was_claimed()
        self.machine.work()
        assert not WorkflowRun.objects.filter(status="running").exists()

    def _do_to_one(self, act, **which):
        found = list(WorkflowRun.objects.filter(**which).order_by("arrival"))
        if found:
            try:
                act(self.chance.choice(found))
            except Refused:
                return


STEPS = {
    Company.fire: 4,
    Company.work_a_little: 6,
    Company.come_to_rest: 2,
    Company.claim_and_be_slow: 2,
    Company.go_on_with_what_was_claimed: 2,
    Company.die: 1,
    Company.cancel: 2,
    Company.cancel_one_whose_turn_it_is: 3,
    Company.retry: 2,
    Company.start_again: 1,
    Company.let_time_pass: 3,
    Company.let_deadlines_pass: 2,
    Company.publish: 2,
}


@pytest.mark.parametrize("seed", range(6))
def test_room_is_counted_and_nobody_sleeps_beside_it(tenant, library, seed):
    def probe(params, context):
        if params["to"] == "n":
            raise PermanentFailure("refused")

    library(Effect.REPEATABLE, probe)
    chance = Random(seed)
    company = Company(tenant, chance)
    try:
        for step in chance.choices(list(STEPS), list(STEPS.values()), k=150):
            step(company)
            laws_hold()
    finally:
        company.machine.close()
