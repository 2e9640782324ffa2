"""Programs that were stored once keep doing what they did. Their stories are never changed."""

import pytest

from tests.support.tenants import make_tenant
from tests.workflows.runtime.retelling import COMPILED, GOLDEN, publish_stored, stored, tell

pytestmark = pytest.mark.django_db(transaction=True)

FILES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def test_every_program_of_back_then_has_stories():
    assert {path.stem for path in COMPILED.glob("*.json")} <= set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_its_stories_go_as_they_went(file):
    kept = stored(file)
    for number, story in enumerate(kept["stories"]):
        tenant = make_tenant(f"company-{number}")
        publish_stored(tenant, kept["programs"], file)

        assert {story["title"]: tell(tenant, story)} == {story["title"]: story["expect"]}
