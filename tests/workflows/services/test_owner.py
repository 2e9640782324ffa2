"""Who can own a workflow."""

import pytest

from tests.support.people import make_member
from tests.workflows.admin.conftest import World
from workflows.services.definitions.lifecycle import NotAMember, possible_owners, set_owner

pytestmark = pytest.mark.django_db


def test_members_and_superusers_can(tenant, other_tenant, ops_user, support_user, admin_user):
    make_member(other_tenant, "stranger", "operations")
    make_member(tenant, "left", "operations")
    type(ops_user).objects.filter(username="left").update(is_active=False)

    found = [person.username for person in possible_owners(tenant)]

    assert found == ["admin", "ops", "support"]


def test_nobody_else_does(tenant, other_ops_user):
    world = World(tenant)

    with pytest.raises(NotAMember):
        set_owner(tenant, "user:ops", world.definition, other_ops_user)

    world.definition.refresh_from_db()
    assert world.definition.owner is None
