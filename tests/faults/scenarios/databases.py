"""The database goes away, or some of it is not to be had for a while."""

import time
from contextlib import contextmanager

import psycopg
from django.db import connection

from tests.faults.jobs import order_job, post_job
from tests.faults.registry import scenario, shown_by
from tests.faults.verdict import COMPLETED
from tests.support.live import wait_until

ALL_WORKERS = "SELECT number FROM workflow_workers"

LEASE = 18
RENEWAL_SECONDS = LEASE / 3  # from one to the next
# The row is locked a moment before a renewal: for so long that a worker that waits for it would
# give up, but not until the lease ends. The posts last until such a worker would have ended.
BEFORE_RENEWAL_SECONDS = 2
LOCKED_SECONDS = BEFORE_RENEWAL_SECONDS + 10.5
POST_SECONDS = 18
SINCE_RENEWAL = """
SELECT extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM workflow_workers
WHERE number = %(worker)s
"""
RUN_OF = """
SELECT id FROM workflow_runs WHERE trigger_payload ->> 'order_number' = %(order)s
    AND status = 'running'
"""

# What a firewall forgets: connections on which nothing is sent. Not the sessions by whose locks
# workers prove that they live.
CUT_IDLE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND state = 'idle'
    AND pid <> pg_backend_pid()
    AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid IS NOT NULL)
"""


@scenario
def database(stage):
    """PostgreSQL is ended in mode immediate every few seconds, under load."""
    world = stage.world
    world.group()
    shop = stage.shop(order_job(world.provider.address("ok", delay=0.15)))
    with stage.load(shop):
        for _ in range(stage.often(2, 12)):
            stage.rest(1, 5)
            dead = [row[0] for row in world.ledger.rows(ALL_WORKERS)]
            world.break_database()
            stage.rest(0, 1.5)
            world.mend_database()
            stage.recovered(stage.fault(), dead)
    stage.note = "from the server's return"


@scenario
@shown_by("tests/workflows/runtime/test_locks.py")
def locked_row(stage):
    """Somebody holds the row of one run for 12 s while posts are under way: no other is touched."""
    world = stage.world
    world.stop_workers()
    group = world.new_group(workers=1, lease=LEASE)
    mode = f"slow;share=1;seconds={POST_SECONDS}"
    shop = stage.posting_shop(post_job(COMPLETED, timeout="60s"), mode)
    for _ in range(stage.often(1, 3)):
        worker = world.workers(group)[0][0]
        _until_just_before_a_renewal(world, worker)
        orders = [shop.fire() for _ in range(3)]
        runs = [wait_until(lambda one=order: _under_way(world, one)) for order in orders]
        with _locked(world, runs[0]):
            stage.recovered(stage.fault())
            time.sleep(LOCKED_SECONDS)
        stage.settle()
        if [row[0] for row in world.workers(group)] != [worker]:
            stage.verdict.lost.append(f"worker {worker} was replaced because of a locked row")
    world.stop(group)
    stage.note = "slowest: another run, meanwhile"


@scenario
def cut_connections(stage):
    """A firewall cuts the workers' idle connections while their posts are under way."""
    world = stage.world
    world.group()
    shop = stage.posting_shop(post_job(COMPLETED), "slow;share=1;seconds=2")
    for _ in range(stage.often(2, 8)):
        before = len(world.provider.deliveries())
        count = stage.often(6, 12)
        for _ in range(count):
            shop.fire()
        wait_until(lambda known=before + count: len(world.provider.deliveries()) >= known)
        with connection.cursor() as cursor:
            cursor.execute(CUT_IDLE)
            if not cursor.fetchone()[0]:
                raise AssertionError("there was no idle connection to cut")
        stage.recovered(stage.fault())
        stage.settle()


def _until_just_before_a_renewal(world, worker):
    """Wait until the worker's next beat, with which it renews its leases, is about due."""
    quiet = RENEWAL_SECONDS - BEFORE_RENEWAL_SECONDS
    since = wait_until(lambda: (s := world.ledger.one(SINCE_RENEWAL, worker=worker)) < quiet and s)
    time.sleep(quiet - since)


def _under_way(world, order):
    rows = world.ledger.rows(RUN_OF, order=order)
    return rows[0][0] if rows else None


@contextmanager
def _locked(world, run):
    """Hold a run's row, as a person's open transaction or an index being built would."""
    with psycopg.connect(world.database.owner_url) as session:
        session.execute("SELECT 1 FROM workflow_runs WHERE id = %s FOR UPDATE", [run])
        yield
