"""Other people's servers are slow, send drop by drop, never answer, or die."""

import time

from tests.faults.jobs import order_job, post_job
from tests.faults.registry import scenario

STEP_TIMEOUT = "2s"
UNSURE = frozenset({"completed_with_errors"})  # a person has to say whether it arrived


@scenario
def slow_provider(stage):
    """Answers come late, but come."""
    _misbehave(stage, "slow", seconds=1)


@scenario
def dripping_provider(stage):
    """The answer never ends: the step's time does."""
    _misbehave(stage, "drip", seconds=6)


@scenario
def hanging_provider(stage):
    """Nothing comes back at all."""
    _misbehave(stage, "hang", seconds=6)


@scenario
def dying_provider(stage):
    """Answers break off; the whole server is killed and comes back."""
    _misbehave(stage, "die", seconds=0, kill=True)


@scenario
def gateway(stage):
    """A gateway answers 504 for somebody who has taken the message: it is sent once."""
    world = stage.world
    world.group()
    patient = {"attempts": 3, "delay": "1s", "backoff": 1}
    shop = stage.posting_shop(post_job(UNSURE, retry=patient), "gateway;share=1")
    with stage.load(shop, every=0.2):
        for _ in range(stage.often(2, 10)):
            stage.rest(1, 2)
            stage.recovered(stage.fault())
    stage.note = "slowest: another tenant's run"


def _misbehave(stage, mode, *, seconds, kill=False):
    world = stage.world
    world.group()
    # Whoever meets it several times in a row is waited for at the end.
    share = stage.often(15, 30) / 100
    address = world.provider.address(mode, share=share, seconds=seconds, delay=0.05)
    shop = stage.shop(order_job(address, timeout=STEP_TIMEOUT))
    for _ in range(stage.often(1, 3)):
        with stage.load(shop):
            stage.rest(1, 2)
            since = stage.fault()
            if kill:
                world.provider.kill()
                stage.rest(0.5, 1)
                world.provider.start()
            # Another tenant's run waits for nobody's server.
            stage.recovered(since)
            for _ in range(stage.often(3, 8)):
                stage.rest(0.2, 0.6)
                stage.recovered(time.monotonic())
    stage.note = "slowest: another tenant's run"
