"""The three steps of "New order processing", as the engine will call them."""

from actions.models.message_template import MessageTemplate


def test_confirms_the_order_then_tells_the_customer_then_mails_operations(
    run, tenant, order, sandbox, whatsapp, order_confirmed, smtp
):
    MessageTemplate.objects.create(
        tenant=tenant,
        key="ops_new_order_summary",
        name="New order",
        channel="email",
        subject="not used",
        text="Order {{trigger.order_id}} of {{trigger.name}}",
    )

    confirmed = run(
        "update_record", table="orders", id=str(order.id), fields={"status": "confirmed"}
    )
    told = run(
        "whatsapp_notify",
        phone="03 123 456",
        template="order_confirmed",
        template_vars={"order_id": "1001", "total": "149.90"},
    )
    mailed = run(
        "send_email",
        to=["ops@example.com"],
        subject="New Order: 1001",
        template="ops_new_order_summary",
    )

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert confirmed["changed"] == {"status": {"from": "new", "to": "confirmed"}}
    [message] = sandbox.received("whatsapp")
    assert (message.to, message.text) == ("+9613123456", "1001\n149.90")
    assert told["message_id"] == f"wamid.sandbox{message.id}"
    [mail] = sandbox.received("smtp")
    assert (mail.to, mail.subject, mail.text) == (
        "ops@example.com",
        "New Order: 1001",
        "Order 1001 of نور",
    )
    assert mailed["refused"] == {}
    assert mail.headers["message-id"] == mailed["message_id"]
