"""The faults, one function each. Importing this package makes them known, in their order."""

# isort: off  # the order in which they are played
from tests.faults.scenarios import kills  # noqa: F401
from tests.faults.scenarios import stops  # noqa: F401
from tests.faults.scenarios import databases  # noqa: F401
from tests.faults.scenarios import providers  # noqa: F401
from tests.faults.scenarios import poison  # noqa: F401
from tests.faults.scenarios import families  # noqa: F401
from tests.faults.scenarios import crowds  # noqa: F401
from tests.faults.scenarios import web  # noqa: F401
from tests.faults.scenarios import mixed  # noqa: F401
