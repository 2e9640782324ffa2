"""Models as hosts have them: hidden rows, proxies, several tables, values the database makes."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Now, Upper
from django.test.utils import isolate_apps

from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.tracking.changes import TrackedModel
from tenants.tracking.querysets import TrackedQuerySet
from tenants.tracking.signals import records_changed
from workflows.models.event import WorkflowEvent


class Visible(models.Manager.from_queryset(TrackedQuerySet)):  # type: ignore[misc]
    """Shows what is not in the archive."""

    def get_queryset(self):
        return super().get_queryset().filter(is_hidden=False)


with isolate_apps("tenants"):

    class Thing(TrackedModel):
        """What most hosts have, and a column that the database computes."""

        id = models.UUIDField(primary_key=True, default=uuid7, db_default=DatabaseUUID7())
        tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
        name = models.CharField(max_length=20)
        is_hidden = models.BooleanField(default=False)
        price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
        facts = models.JSONField(default=dict)
        paper = models.FileField(blank=True)
        made_at = models.DateTimeField(db_default=Now())
        shout = models.GeneratedField(
            expression=Upper("name"), output_field=models.CharField(max_length=20), db_persist=True
        )

        objects = Visible()
        everything = models.Manager.from_queryset(TrackedQuerySet)()

        class Meta:
            app_label = "tenants"

    class Tool(Thing):
        """A thing in two tables."""

        weight = models.IntegerField(default=1)

        class Meta:
            app_label = "tenants"

    class Based(TrackedModel):
        """Saves go through the manager, too, which then tells nothing by itself."""

        id = models.UUIDField(primary_key=True, default=uuid7)
        tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
        name = models.CharField(max_length=20)

        objects = models.Manager.from_queryset(TrackedQuerySet)()

        class Meta:
            app_label = "tenants"
            base_manager_name = "objects"
            select_on_save = True

    class Urgent(Order):
        """An order, seen otherwise."""

        class Meta:
            proxy = True
            app_label = "tenants"


@pytest.fixture
def tables(db):
    with connection.schema_editor() as editor:
        for model in (Thing, Tool, Based):
            editor.create_model(model)


@pytest.fixture
def told(tables):
    heard = []

    def listen(sender, changes, **_kwargs):
        heard.extend((sender, one) for one in changes)

    records_changed.connect(listen)
    yield heard
    records_changed.disconnect(listen)


@contextmanager
def told_in_all(told, expected):
    told.clear()
    yield
    assert [
        (sender.__name__, "new" if one.previous is None else sorted(one.changed_fields))
        for sender, one in told
    ] == expected


def test_a_row_that_its_manager_hides_is_changed_like_others(tenant, told):
    hidden = Thing.objects.create(tenant=tenant, name="a", is_hidden=True)

    with told_in_all(told, [("Thing", ["name", "shout"])]):
        assert Thing.everything.filter(pk=hidden.pk).update(name="b") == 1

    hidden.refresh_from_db()
    assert hidden.name == "b"


def test_an_update_that_hides_its_rows_is_told(tenant, told):
    Thing.objects.create(tenant=tenant, name="a")

    with told_in_all(told, [("Thing", ["is_hidden"])]):
        assert Thing.objects.update(is_hidden=True) == 1
    assert Thing.objects.update(name="b") == 0


def test_what_the_database_makes_is_told_with_a_new_row(tenant, told):
    thing = Thing(tenant=tenant, name="a", price="2.5", facts={"n": 1}, paper="a.txt")
    thing.save()

    [(_, change)] = told
    [stored] = Thing.everything.values()
    assert change.current == stored
    assert (change.current["shout"], change.current["price"]) == ("A", Decimal("2.50"))
    assert (thing.shout, thing.made_at) == ("A", stored["made_at"])


def test_what_the_database_makes_is_told_of_many_rows(tenant, told):
    things = [Thing(tenant=tenant, name=name, price="1.005") for name in "abc"]
    things[1].pk = None

    Thing.objects.bulk_create(things)

    stored = {row["id"]: row for row in Thing.everything.values()}
    assert {change.id: change.current for _, change in told} == stored
    assert len(told) == 3


def test_what_an_update_computes_is_told(tenant, told):
    Thing.objects.create(tenant=tenant, name="a", facts={"n": 1})

    with told_in_all(told, [("Thing", ["facts", "name", "shout"])]):
        Thing.objects.update(name=Coalesce(Value("b"), F("name")), facts={"n": 2})

    assert told[0][1].current == Thing.everything.values().get()


def test_the_database_has_the_last_word(tenant, told):
    Thing.objects.create(tenant=tenant, name="a")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.keep() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.name := OLD.name; RETURN NEW; END $$;"
            "CREATE TRIGGER keep BEFORE UPDATE ON tenants_thing"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.keep()"
        )

    with told_in_all(told, []):
        Thing.objects.update(name="b")
        thing = Thing.objects.get()
        thing.name = "c"
        thing.save()


def test_a_save_through_the_manager_is_told_once(tenant, told):
    with told_in_all(told, [("Based", "new")]):
        based = Based.objects.create(tenant=tenant, name="a")

    with told_in_all(told, [("Based", ["name"])]):
        based.name = "b"
        based.save()

    with told_in_all(told, [("Based", "new"), ("Based", "new")]):
        Based.objects.bulk_create([Based(tenant=tenant, name=name) for name in "xy"])


def test_a_proxy_is_told_as_the_model_with_the_table(tenant, told):
    with told_in_all(told, [("Order", "new"), ("Order", ["status"]), ("Order", ["note"])]):
        order = Urgent.objects.create(tenant=tenant, number="1")
        order.status = "shipped"
        order.save()
        Urgent.objects.update(note="x")

    fired = WorkflowEvent.objects.order_by("id").values_list("type", flat=True)
    assert list(fired) == ["new_order", "order_updated", "order_status_changed", "order_updated"]


def test_a_row_in_two_tables_is_told_of_each(tenant, told):
    with told_in_all(told, [("Thing", "new"), ("Tool", "new")]):
        tool = Tool.objects.create(tenant=tenant, name="a", weight=2)

    with told_in_all(told, [("Tool", ["weight"])]):
        tool.weight = 3
        tool.save()

    with told_in_all(told, [("Thing", ["name", "shout"]), ("Tool", ["name", "shout", "weight"])]):
        assert Tool.objects.filter(weight=3).update(name="b", weight=F("weight") + 1) == 1

    tool.refresh_from_db()
    assert (tool.name, tool.weight, tool.shout) == ("b", 4, "B")


def test_a_row_that_gets_a_second_table_is_new_there_only(tenant, told):
    thing = Thing.objects.create(tenant=tenant, name="a")
    tool = Tool(thing_ptr=thing, tenant=tenant, name="b", made_at=thing.made_at)
    tool._state.adding = False  # or Django would insert the thing, too

    with told_in_all(told, [("Thing", ["name", "shout"]), ("Tool", "new")]):
        tool.save()


@isolate_apps("tenants")
def test_a_manager_that_would_tell_nothing_is_named_by_the_system_check():
    class Deaf(Order):
        quiet = models.Manager()

        class Meta:
            proxy = True
            app_label = "tenants"

    assert [problem.id for problem in Deaf.check()] == ["tenants.W001"]
    assert "Deaf.quiet" in Deaf.check()[0].msg
    assert Order.check() == []
