"""People for tests."""

from django.contrib.auth import get_user_model

from tenants.models.membership import Membership


def make_member(tenant, username, role):
    """Create somebody who may log into the admin, with a role in `tenant`."""
    user = get_user_model().objects.create_user(username, password=username, is_staff=True)
    Membership.objects.create(user=user, tenant=tenant, role=role)
    return user
