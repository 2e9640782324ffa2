"""When a cluster counts as stalled."""

import os
from multiprocessing import get_context
from time import monotonic, sleep

import pytest

from tests.support.live import wait_until
from workflows.runtime.workers.supervisor import (
    MISSING_SECONDS,
    START_SECONDS,
    ClusterProcess,
    Supervisor,
)


@pytest.fixture
def cluster():
    """A process that never says that it lives."""
    process = get_context("fork").Process(target=_stay)
    process.start()
    yield ClusterProcess("runs", process, beat_reader=-1)
    process.kill()
    process.join()


@pytest.fixture
def supervisor():
    return Supervisor(workers=1, grace_seconds=1, plan_chores=lambda: None)


def _stay():
    os.setsid()
    sleep(60)


def test_a_cluster_that_starts_slowly_is_not_ended_before_it_has_started(supervisor, cluster):
    cluster.complete_at = monotonic() - MISSING_SECONDS - 1

    assert not supervisor._is_stalled(cluster)

    cluster.complete_at = monotonic() - START_SECONDS - 1

    assert supervisor._is_stalled(cluster)


def test_a_cluster_that_lost_a_pump_and_does_not_replace_it_is_stalled(supervisor, cluster):
    wait_until(lambda: os.getpgid(cluster.pid) == cluster.pid)
    cluster.beats[cluster.pid] = monotonic()
    assert not supervisor._is_stalled(cluster)
    cluster.beats.clear()

    cluster.complete_at = monotonic() - MISSING_SECONDS + 1
    assert not supervisor._is_stalled(cluster)

    cluster.complete_at = monotonic() - MISSING_SECONDS - 1
    assert supervisor._is_stalled(cluster)
