"""Everything at once."""

import time
from contextlib import suppress

import psutil

from tests.faults.jobs import batch_job, order_job
from tests.faults.registry import scenario


@scenario
def mixed(stage):
    """Faults of every kind, one upon the other: nobody waits until the last is overcome."""
    world = stage.world
    world.stop_workers()
    groups = world.new_groups(2)
    # Whoever meets it several times in a row is waited for at the end.
    address = world.provider.address("die", share=stage.often(3, 10) / 100, delay=0.1)
    orders = stage.shop(order_job(address, timeout="3s"))
    batches = stage.shop(batch_job(address, 10), "batch")
    end = time.monotonic() + stage.often(6, 90)
    with stage.load(orders, every=0.08), stage.load(batches, every=0.8):
        while time.monotonic() < end:
            stage.rest(0.2, 1.5)
            stage.chance.choice([_kill_one, _kill_one, _kill_one, _break, _kill_provider])(
                stage, groups
            )
            stage.fault()
        stage.recovered(time.monotonic())
    stage.settle()
    stage.note = "slowest: after the last"
    world.stop_workers()


def _kill_one(stage, groups):
    """Any process but a supervisor."""
    group = stage.chance.choice(groups)
    found = group.everything()[1:]
    if found:
        with suppress(psutil.NoSuchProcess):
            stage.chance.choice(found).kill()


def _break(stage, groups):
    stage.world.break_database()
    stage.rest(0, 1)
    stage.world.mend_database()


def _kill_provider(stage, groups):
    stage.world.provider.kill()
    stage.rest(0, 0.5)
    stage.world.provider.start()
