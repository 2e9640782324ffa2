"""The allow-list of records."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from actions import records
from actions.records import Record, UnknownRecord
from tenants.models.order import Order
from tenants.models.tenant import Tenant

RECORDS: list[Record] = []
HERE = f"{__name__}.RECORDS"


@pytest.fixture
def allow(settings):
    def use(*declared):
        RECORDS[:] = declared
        settings.SAYR = {**settings.SAYR, "RECORDS": HERE}

    return use


def orders(readable=("id", "status"), writable=("status",), alias="orders"):
    return Record(alias, Order, "Orders", readable, writable)


def test_a_record_is_found_by_its_alias(allow):
    allow(orders(), orders(alias="archive"))

    assert records.get("orders").model is Order
    assert [record.alias for record in records.all_records()] == ["archive", "orders"]


def test_an_unknown_alias_is_named(allow):
    allow()

    with pytest.raises(UnknownRecord, match="users"):
        records.get("users")


@pytest.mark.parametrize("field", ["id", "tenant", "created_at"])
def test_keys_and_what_nobody_edits_cannot_be_made_writable(allow, field):
    allow(orders(writable=(field,)))

    with pytest.raises(ImproperlyConfigured, match=f"'{field}' cannot be written"):
        records.load()


@pytest.mark.parametrize("field", ["id", "tenant", "created_at"])
def test_nor_can_they_be_given_to_a_new_record(allow, field):
    allow(Record("orders", Order, "Orders", ("id",), (), creatable=(field,)))

    with pytest.raises(ImproperlyConfigured, match=f"'{field}' cannot be written"):
        records.load()


def test_what_is_no_column_cannot_be_read(allow):
    allow(Record("tenants", Tenant, "Tenants", ("orders",), ()))

    with pytest.raises(ImproperlyConfigured):
        records.load()


def test_a_field_that_the_model_lacks_stops_the_start(allow):
    allow(orders(readable=("colour",)))

    with pytest.raises(ImproperlyConfigured, match="no field 'colour'"):
        records.load()


def test_one_alias_twice_stops_the_start(allow):
    allow(orders(), orders())

    with pytest.raises(ImproperlyConfigured, match="two records with one alias"):
        records.load()
