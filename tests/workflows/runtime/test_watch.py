"""The leases that a worker knows to hold: each is one claim's, and no other's."""

from datetime import timedelta
from threading import Thread
from time import monotonic

import pytest

from tests.support.live import wait_until
from tests.workflows.runtime.test_transitions import claim_of
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.lease_keeper import Watch

LEASE = timedelta(seconds=6)


def two_claims():
    """Return an earlier and a later claim of the same run."""
    run = WorkflowRun()
    return claim_of(run, 3), claim_of(run, 4)


@pytest.mark.parametrize("forgotten", [0, 1], ids=["the earlier", "the later"])
def test_who_drops_a_claim_drops_that_claim_only(forgotten):
    watch, claims = Watch(LEASE), two_claims()
    for claim in claims:
        watch.take(claim, monotonic())

    watch.drop(claims[forgotten])

    # Only the later one was held; the earlier was over when the run was claimed anew.
    is_held = forgotten == 0
    assert watch.holds(claims[1]) is is_held
    assert watch.held() == ([claims[1].run_id] if is_held else [])
    assert not watch.holds(claims[0])


def test_what_a_renewal_found_lost_is_the_claim_it_asked_for():
    watch, (earlier, later) = Watch(LEASE), two_claims()
    watch.take(earlier, monotonic())

    left_out = watch.renewed({earlier.run_id: later.token}, monotonic())
    watch.take(later, monotonic())
    for claim in left_out:
        watch.drop(claim)

    assert left_out == [earlier]
    assert watch.holds(later)


def test_a_lease_that_is_about_to_end_is_not_sure():
    watch, (claim, _) = Watch(LEASE), two_claims()
    watch.take(claim, monotonic() - LEASE.total_seconds() + 0.9)

    assert not watch.holds(claim)
    assert watch.held() == [claim.run_id]


@pytest.mark.parametrize("what", ["renewed", "lost", "abandoned"])
def test_a_step_that_is_to_begin_waits_for_the_pump_to_renew_a_lease_that_is_not_sure(what):
    watch, (claim, _) = Watch(LEASE, is_renewed=True), two_claims()
    watch.take(claim, monotonic() - LEASE.total_seconds())
    said = []
    thread = Thread(target=lambda: said.append(watch.holds(claim)))
    thread.start()
    thread.join(0.3)
    assert said == []

    if what == "renewed":
        watch.renewed({claim.run_id: claim.token}, monotonic())
    elif what == "lost":
        watch.drop(claim)
    else:
        watch.abandon()

    wait_until(lambda: said, 5)
    assert said == [what == "renewed"]
