"""kill -9 of one process after the other, under load."""

import psutil

from tests.faults.jobs import order_job, post_job
from tests.faults.processes import is_alive
from tests.faults.registry import scenario
from tests.support.live import wait_until

CALL_SECONDS = 0.15  # so long that most kills fall into a call
ORPHAN_SECONDS = 5


@scenario
def busy_worker(stage):
    """A worker dies in the middle of its steps."""
    _kill_the_busy(stage, stage.shop(order_job(_address(stage))))


@scenario
def not_repeatable(stage):
    """A worker dies in calls that nobody may make again: they are held as unknown."""
    _kill_the_busy(stage, stage.posting_shop(post_job()))


@scenario
def idle_worker(stage):
    """A worker dies while there is nothing to do; then there is."""
    shop = stage.shop(order_job(_address(stage)))
    group = stage.world.group()
    for _ in range(stage.often(2, 10)):
        stage.settle()
        number, pid, _held = stage.chance.choice(stage.world.workers(group))
        _kill(stage, psutil.Process(pid), [number], shop)


@scenario
def pusher(stage):
    """The process that hands the workers their task dies."""
    _kill_by_role(stage, lambda group: group.monitor_and_pusher()[1])


@scenario
def monitor(stage):
    """The process that takes the workers' results dies."""
    _kill_by_role(stage, lambda group: group.monitor_and_pusher()[0])


@scenario
def sentinel(stage):
    """The guard of the cluster dies; its workers with it."""
    _kill_by_role(stage, lambda group: group.sentinel(), takes_all=True)


@scenario
def main(stage):
    """The cluster's main process dies; everything it forked with it."""
    _kill_by_role(stage, lambda group: group.main(), takes_all=True)


@scenario
def supervisor(stage):
    """The whole group dies by its supervisor; an operating system starts another."""
    shop = stage.shop(order_job(_address(stage)))
    world = stage.world
    with stage.load(shop):
        for _ in range(stage.often(1, 5)):
            group = world.group()
            stage.rest(0.5, 2)
            everything = group.everything()
            numbers = [number for number, _, _ in world.workers(group)]
            group.process.kill()
            since = stage.fault()
            wait_until(lambda gone=everything: not any(map(is_alive, gone)), ORPHAN_SECONDS)
            world.end_group(group)
            world.group()
            stage.recovered(since, numbers)


def _kill_the_busy(stage, shop):
    world = stage.world
    group = world.group()
    with stage.load(shop):
        for _ in range(stage.often(3, 20)):
            stage.rest(0.2, 1)
            number, pid = wait_until(lambda: _busiest(world, group))
            _kill(stage, psutil.Process(pid), [number])


def _kill_by_role(stage, role, *, takes_all=False):
    shop = stage.shop(order_job(_address(stage)))
    world = stage.world
    group = world.group()
    with stage.load(shop):
        for _ in range(stage.often(1, 5) if takes_all else stage.often(2, 10)):
            stage.rest(0.3, 1.5)
            numbers, victim = [], wait_until(lambda: _found(role, group))
            gone = group.main().children(recursive=True) if takes_all else []
            if takes_all:
                numbers = [number for number, _, _ in world.workers(group)]
            _kill(stage, victim, numbers)
            wait_until(lambda left=gone: not any(map(is_alive, left)), ORPHAN_SECONDS)
            wait_until(lambda: _is_whole(world, group), 60)


def _kill(stage, process, numbers, *shops):
    process.kill()
    since = stage.fault()
    for shop in shops:
        for _ in range(5):
            shop.fire()
    stage.recovered(since, numbers)


def _found(role, group):
    """Return the process, or None while the group is being put together again."""
    try:
        process = role(group)
    except (psutil.NoSuchProcess, IndexError, ValueError):
        return None
    return process if is_alive(process) else None


def _is_whole(world, group):
    """Whether the next kill finds a group with all its parts."""
    return len(world.workers(group)) >= group.workers and _found(
        lambda one: one.monitor_and_pusher()[1], group
    )


def _busiest(world, group):
    workers = world.workers(group)
    return workers[0][:2] if workers and workers[0][2] else None


def _address(stage):
    return stage.world.provider.address("ok", delay=CALL_SECONDS)
