"""Following one thing leads through so many files, and asks the database so often, at most."""

import os
from dataclasses import dataclass

import pytest

from tests.architecture.trace import FLOWS, trace_of
from tests.workflows.admin.conftest import World


@dataclass(frozen=True)
class Limit:
    """What a flow may cross. Whoever makes it shorter lowers these."""

    files: int
    queries: int


LIMITS = {
    "save": Limit(files=32, queries=3),  # one of them the NOTIFY, if none was sent just before
    "run": Limit(files=54, queries=3),
    "page": Limit(files=24, queries=3),
    "publish": Limit(files=49, queries=7),
    "check": Limit(files=45, queries=3),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", FLOWS)
def test_a_flow(name, tenant):
    trace = trace_of(name, World(tenant))

    if os.environ.get("SAYR_TRACE"):
        print(f"\n{name}: {trace}", *sorted(trace.files), *trace.queries.elements(), sep="\n  ")
    assert len(trace.files) <= LIMITS[name].files, sorted(trace.files)
    assert trace.queries.total() <= LIMITS[name].queries, [*trace.queries.elements()]
