"""Approvers whose names are written in another way than those of the people they mean."""

import unicodedata

import pytest
from django.contrib.auth import get_user_model

from tenants.models.api_key import ApiKey
from tenants.models.membership import Membership
from tests.support.approvals import ask, parked_run
from tests.support.people import make_member
from workflows.definition.approvers import can_be_asked
from workflows.runtime.waits.approval_store import stranger_among
from workflows.services.approvals.approvers import (
    Via,
    addressees,
    is_asked,
    key_decider,
    mail_decider,
    unreachable,
    user_decider,
)

pytestmark = pytest.mark.django_db(transaction=True)

COMPOSED = "josé_آدم"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
MARKED = f"\u202b{COMPOSED}\u200f"
WAYS = {"composed": COMPOSED, "decomposed": DECOMPOSED, "with invisible signs": MARKED}


def member(tenant, username, role="operations"):
    """As a host may write them, past Django's forms, which compose a name."""
    user = get_user_model().objects.create(username=username, email="", is_staff=True)
    Membership.objects.create(user=user, tenant=tenant, role=role)
    user.email = f"u{user.pk.hex[-8:]}@cedar.example"
    user.save()
    return user


def may(tenant, user, entry):
    approval = ask(tenant, run=parked_run(tenant), approvers=[entry])
    asked = is_asked(approval, user_decider(tenant, user, Via.ADMIN))
    told = [one.address for one in addressees(approval)] == [user.email]
    known = stranger_among(tenant.pk, [entry]) is None
    return asked, told, known


@pytest.mark.parametrize("called", [COMPOSED, DECOMPOSED], ids=["composed", "decomposed"])
@pytest.mark.parametrize("entry", WAYS.values(), ids=WAYS)
def test_one_person_however_they_are_written(tenant, called, entry):
    person = member(tenant, called)

    assert can_be_asked(entry)
    assert may(tenant, person, entry) == (True, True, True)
    assert may(tenant, person, "somebody_else")[0] is False


def test_of_two_who_look_alike_only_the_one_that_is_written_is_meant(tenant):
    first, second = member(tenant, COMPOSED), member(tenant, DECOMPOSED)

    assert may(tenant, first, COMPOSED)[:2] == (True, True)
    assert may(tenant, second, DECOMPOSED)[:2] == (True, True)
    assert may(tenant, first, DECOMPOSED)[:2] == (False, False)
    assert may(tenant, second, COMPOSED)[:2] == (False, False)
    assert may(tenant, first, MARKED)[:2] == (False, False)


def test_one_of_another_company_who_looks_alike_is_in_the_way_and_not_meant(tenant, other_tenant):
    stranger = member(other_tenant, DECOMPOSED)
    own = member(tenant, "own")

    assert may(tenant, stranger, COMPOSED)[:2] == (False, False)
    assert may(tenant, own, COMPOSED)[:2] == (False, False)
    assert stranger_among(tenant.pk, [COMPOSED]) == COMPOSED


@pytest.mark.parametrize(
    "entry", ["\u202aboss@cedar.example\u202c", "Boss@Cedar.example\u200b", " boss@cedar.example "]
)
def test_an_address_as_it_is_copied(tenant, entry):
    boss = make_member(tenant, "boss", "operations")
    boss.email = "boss@cedar.example"
    boss.save()

    assert can_be_asked(entry)
    assert may(tenant, boss, entry) == (True, True, True)


def test_an_address_in_another_alphabet(tenant):
    tenant.approver_addresses = ["@exämple.com"]
    tenant.save()
    entry = unicodedata.normalize("NFD", "rana@exämple.com")
    approval = ask(tenant, run=parked_run(tenant), approvers=[entry])

    assert stranger_among(tenant.pk, [entry]) is None
    assert stranger_among(tenant.pk, [f"{entry}.evil.example"]) is not None
    assert is_asked(approval, mail_decider("rana@exämple.com", Via.LINK))
    assert [one.person for one in addressees(approval)] == ["mail:rana@exämple.com"]
    assert unreachable(approval) == []


def test_a_role_and_a_key(tenant):
    boss = make_member(tenant, "boss", "operations")
    scopes = ["approvals:decide"]
    key, _secret = ApiKey.objects.create_key(tenant=tenant, name="Zoë", scopes=scopes)
    decomposed = unicodedata.normalize("NFD", "key:Zoë")

    role = ask(tenant, run=parked_run(tenant), approvers=["role:operations\u200b"])
    named = ask(tenant, run=parked_run(tenant), approvers=[decomposed])

    assert is_asked(role, user_decider(tenant, boss, Via.ADMIN))
    assert is_asked(named, key_decider(key))
    assert not is_asked(role, key_decider(key))


def test_a_new_key_that_looks_like_an_asked_one_decides_nothing(tenant):
    scopes = ["approvals:decide"]
    first, _secret = ApiKey.objects.create_key(tenant=tenant, name="Zoë", scopes=scopes)
    name = unicodedata.normalize("NFD", "Zoë")
    second, _secret = ApiKey.objects.create_key(tenant=tenant, name=name, scopes=scopes)
    approval = ask(tenant, run=parked_run(tenant), approvers=["key:Zoë"])

    assert is_asked(approval, key_decider(first))
    assert not is_asked(approval, key_decider(second))
