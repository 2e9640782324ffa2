"""One scenario under way: its tenants, what they fire, the faults, and the account at the end."""

import itertools
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread

from django.db import Error as DatabaseTrouble
from django.db import connection, connections

from actions.models.connection import Connection
from tenants.models.order import Order
from tests.faults.jobs import Job, quick_job
from tests.faults.ledger import ENDED, HELD, OPEN, ORDERS
from tests.faults.verdict import Verdict, judge
from tests.faults.world import World
from tests.support.live import wait_until
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish

RECOVERY_SECONDS = 60
END_SECONDS = 120
_numbers = itertools.count(1)


class Shop:
    """A tenant with one workflow."""

    def __init__(self, name: str, job: Job, prepare=lambda tenant: None):
        self.tenant, self.job = make_tenant(name), job
        prepare(self.tenant)
        self.definition = WorkflowDefinition(tenant=self.tenant, key="faults", is_active=True)
        publish(self.tenant, "faults", self.definition, job.document)
        self.known: set[str] = set()  # orders whose save was acknowledged, or events accepted

    def next_number(self) -> str:
        """Return a number that no order has."""
        return f"{self.tenant.key}-{next(_numbers)}"

    def fire(self) -> str | None:
        """Save an order, as an application would; None if the database did not take it."""
        number = self.next_number()
        try:
            Order.objects.create(tenant=self.tenant, number=number)
        except DatabaseTrouble:
            # The next one gets another session. Whether this one is stored, the rows will tell.
            connection.close()
            return None
        self.known.add(number)
        return number


@dataclass
class Stage:
    """What a scenario is given to work with."""

    world: World
    name: str
    chance: Random
    shops: list[Shop] = field(default_factory=list)
    faults: int = 0
    recoveries: list[float] = field(default_factory=list)  # milliseconds
    verdict: Verdict = field(default_factory=Verdict)
    zombies: bool = False
    nothing_is_repeated: bool = False  # a call that is made again counts as doubled
    fired: int = 0
    note: str = ""

    def __post_init__(self):
        self.quiet = self.shop(quick_job(), "quiet")

    def shop(self, job: Job, part: str = "busy", **more) -> Shop:
        """Found a tenant with this workflow."""
        shop = Shop(f"{self.name.replace('_', '')}{part}", job, **more)
        self.shops.append(shop)
        return shop

    def posting_shop(self, job: Job, mode: str = "ok", part: str = "busy") -> Shop:
        """Found a tenant whose Slack is the receiver, in this mode."""
        base = f"http://{self.world.provider.host_and_port}/{mode}/slack"

        def connect(tenant):
            Connection.objects.create(
                tenant=tenant,
                key="slack",
                name="slack",
                kind="slack",
                settings={"base_url": base, "channel": "ops"},
                secrets={"bot_token": "xoxb-secret"},
            )

        return self.shop(job, part, prepare=connect)

    def often(self, short: int, full: int) -> int:
        """Return how often to do it."""
        return short if self.world.is_short else full

    def rest(self, least: float, most: float) -> None:
        """Let a random time pass."""
        time.sleep(self.chance.uniform(least, most))

    @contextmanager
    def load(self, *shops: Shop, every: float = 0.05):
        """Let these shops fire beside the block, one order each in so many seconds.

        In a short dry run half as many: what is left over has to be worked off before the next.
        """
        over = Event()
        every *= self.often(2, 1)

        def fire():
            try:
                while not over.wait(every):
                    for shop in shops:
                        shop.fire()
            finally:
                connections.close_all()

        thread = Thread(target=fire)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def fault(self) -> float:
        """Count a fault that has just happened; return when that was."""
        self.faults += 1
        return time.monotonic()

    def recovered(self, since: float, dead_workers=()) -> None:
        """Wait until nothing is held by the dead, and a run that another tenant fires has ended.

        Notes how long that took since the fault.
        """
        ledger, dead = self.world.ledger, list(dead_workers)
        try:
            order = wait_until(self.quiet.fire, RECOVERY_SECONDS)
            wait_until(lambda: not ledger.one(HELD, workers=dead), RECOVERY_SECONDS)
            wait_until(lambda: ledger.one(ENDED, order=order), RECOVERY_SECONDS)
        except AssertionError:
            self.verdict.lost.append(f"not going on {RECOVERY_SECONDS} s after fault {self.faults}")
        self.recoveries.append((time.monotonic() - since) * 1000)

    def settle(self, seconds: float = END_SECONDS) -> bool:
        """Wait until every run has ended; return whether they have."""
        tenants = [shop.tenant.id for shop in self.shops]
        try:
            wait_until(lambda: not self.world.ledger.one(OPEN, tenants=tenants), seconds, 0.1)
        except AssertionError:
            return False
        return True

    def close(self) -> None:
        """Wait for the end of everything, and add up."""
        self.settle()
        tenants = [shop.tenant.id for shop in self.shops]
        left = self.world.ledger.left(tenants, self.world.provider.deliveries())
        for shop in self.shops:
            stored = {row[0] for row in self.world.ledger.rows(ORDERS, tenant=shop.tenant.id)}
            orders = sorted(shop.known | stored)
            self.fired += len(orders)
            found = judge(orders, shop.job.expected, left, zombies=self.zombies)
            self.verdict.add(found)
        if self.nothing_is_repeated and self.verdict.repeated:
            self.verdict.doubled.append(f"{self.verdict.repeated} calls were made again")

    def line(self) -> str:
        """Return what is printed."""
        counts = f"load {self.fired:5}  faults {self.faults:3}"
        found = f"lost {len(self.verdict.lost)}  doubled {len(self.verdict.doubled)}"
        slowest = f"repeated {self.verdict.repeated:3}  slowest {self.slowest:6.0f} ms"
        note = f"  ({self.note})" if self.note else ""
        return f"{self.name:18} {counts}  {found}  {slowest}  seed {self.world.seed}{note}"

    @property
    def slowest(self) -> float:
        """The slowest recovery, in milliseconds."""
        return max(self.recoveries, default=0.0)
