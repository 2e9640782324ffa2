"""The database goes away."""

from tests.faults.jobs import order_job
from tests.faults.registry import scenario

ALL_WORKERS = "SELECT number FROM workflow_workers"


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
