"""Changes of a dry run are heard by nobody."""

from tenants.models.order import Order
from tenants.tracking.signals import is_silent, records_changed, silence


def test_saves_tell_nothing_in_silence_and_everything_after_it(tenant):
    heard = []

    def listen(sender, changes, **_kwargs):
        heard.extend(changes)

    records_changed.connect(listen)
    try:
        with silence():
            order = Order.objects.create(tenant=tenant, number="1", total_amount="1")
            Order.objects.filter(pk=order.pk).update(note="x")
            Order.objects.bulk_create([Order(tenant=tenant, number="2", total_amount="1")])
            assert (heard, is_silent()) == ([], True)
        order.note = "y"
        order.save()
    finally:
        records_changed.disconnect(listen)

    assert [change.current["note"] for change in heard] == ["y"]
    assert not is_silent()
