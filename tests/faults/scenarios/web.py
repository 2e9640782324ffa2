"""Web processes die in the middle of requests."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

from tests.faults.jobs import noise_job
from tests.faults.ledger import Ledger
from tests.faults.registry import scenario
from tests.faults.site import PROCESSES, Site, key_of
from tests.support.live import wait_until

CALLERS = 6
PATIENCE_SECONDS = 60
STORED = """
SELECT (SELECT count(*) FROM workflow_events WHERE tenant_id = %(tenant)s
        AND type = 'fault.noise' AND payload ->> 'order_number' = %(order)s),
    (SELECT count(*) FROM workflow_runs WHERE tenant_id = %(tenant)s
        AND trigger_payload ->> 'order_number' = %(order)s)
"""


@scenario
def web_killed(stage):
    """A request is cut off: event and run are stored, or neither; asked again, it is one."""
    world = stage.world
    world.group()
    shop = stage.shop(noise_job())
    over, cut_off = Event(), []
    with Site(world) as site, ThreadPoolExecutor(CALLERS) as threads:
        caller = Caller(site, shop, world.database.owner_url, cut_off)
        busy = [threads.submit(caller.call, over) for _ in range(CALLERS)]
        try:
            for _ in range(stage.often(4, 40)):
                stage.rest(0.3, 1)
                stage.chance.choice(wait_until(site.processes)).kill()
                since, so_far = stage.fault(), len(shop.known)
                # More than were on their way: the other process goes on, and a new one begins.
                wait_until(lambda before=so_far: len(shop.known) > before + CALLERS, 30)
                stage.recoveries.append((time.monotonic() - since) * 1000)
                wait_until(lambda: len(site.processes()) == PROCESSES, 30)
        finally:
            over.set()
        stage.verdict.doubled += [wrong for one in busy for wrong in one.result()]
    stage.note = f"{len(cut_off)} requests cut off"


class Caller:
    """An application that asks again, with the same key, until it is told that all is stored."""

    def __init__(self, site, shop, ledger_url, cut_off):
        self._site, self._shop, self._url, self._cut_off = site, shop, ledger_url, cut_off
        self._key = key_of(shop)

    def call(self, over):
        """Send one event after the other; return what was found to be wrong."""
        wrong = []
        with closing(Ledger(self._url)) as ledger:
            while not over.is_set():
                number = self._shop.next_number()
                wrong += self._send(ledger, number)
                events, runs = self._stored(ledger, number)
                if (events, runs) != (1, 1):
                    wrong.append(f"{number}: accepted, and there are {events} events, {runs} runs")
        return wrong

    def _send(self, ledger, number):
        end = time.monotonic() + PATIENCE_SECONDS
        while self._site.fire(self._key, number)[0] != 202:
            self._cut_off.append(number)
            events, runs = self._stored(ledger, number)
            if events != runs:
                yield f"{number}: cut off with {events} events and {runs} runs"
            if time.monotonic() > end:
                yield f"{number}: not accepted within {PATIENCE_SECONDS} s"
                return
        self._shop.known.add(number)

    def _stored(self, ledger, number):
        return ledger.rows(STORED, tenant=self._shop.tenant.id, order=number)[0]
