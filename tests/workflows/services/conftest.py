"""A worker, and actions that tests declare."""

import pytest

from tests.workflows.runtime.conftest import library, machine, publish_steps_fixture  # noqa: F401


@pytest.fixture
def worker(machine):  # noqa: F811
    return machine
