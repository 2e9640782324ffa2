"""The panel “workflow runs of this order”, and that any app's page can show one."""

from django.template import Context, Template

from tenants.models.order import Order


def render(order_id):
    """Return the panel as another app's template shows it."""
    template = Template('{% load sayr_runs %}{% runs_of "orders" order_id %}')
    return template.render(Context({"order_id": order_id}))


def test_an_orders_page_shows_its_runs_with_their_sentence(support, world, page):
    world.end_run(world.run, "failed")
    world.make_order("another")

    content = support.get(page(world.order)).content.decode()

    assert "What workflows did for this order" in content
    assert content.count("sayr-run-link") == 1
    assert "Failed at step 2 of 2, “Tell the shop”." in content


def test_an_order_without_runs_says_so(world):
    world.run.delete()

    assert "No workflow has run for this yet." in render(world.order.pk)


def test_a_record_that_does_not_exist_has_no_runs(db):
    assert "No workflow has run for this yet." in render("00000000-0000-0000-0000-000000000000")


def test_the_panel_shows_ten_and_asks_as_much_as_for_one(world, django_assert_max_num_queries):
    for number in range(12):
        world.order.status = ["confirmed", "new"][number % 2]
        world.order.save()
    type(world.run).objects.bulk_create(
        [
            type(world.run)(
                tenant=world.tenant,
                definition=world.definition,
                version=1,
                subject_type="orders",
                subject_id=str(world.order.pk),
            )
            for _ in range(12)
        ]
    )

    with django_assert_max_num_queries(3):
        content = render(world.order.pk)

    assert content.count("sayr-run-link") == 10
    assert "All of them" in content


def test_an_order_is_found_by_number_phone_name_and_mail(support, world, page):
    world.make_order("other", customer_phone="70 999 888")
    order = world.make_order(
        "A-77",
        customer_name="Rami Haddad",
        customer_email="rami@example.com",
        customer_phone="+961 71 222 333",
    )

    for term in ("A-77", "a-77", "071222333", "+96171222333", "haddad", "rami@"):
        found = support.get(page(Order), {"q": term}).context["cl"].result_list
        assert list(found) == [order], term


def test_an_order_is_changed_by_operations(ops, world, page):
    ops.post(
        page(world.order),
        {
            "number": world.order.number,
            "status": "shipped",
            "source": "web",
            "total_amount": "9.90",
            "currency": "USD",
        },
    )

    world.order.refresh_from_db()
    assert world.order.status == "shipped"
