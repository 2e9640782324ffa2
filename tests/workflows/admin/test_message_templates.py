"""The mistakes of a text are named where they are."""

import pytest

from actions.models.message_template import MessageTemplate

MAIL = {
    "name": "Hello",
    "key": "hello",
    "channel": "email",
    "language": "en",
    "subject": "Order {{ trigger.order_number }}",
    "text": "Hello",
}


@pytest.fixture
def add(ops, tenant, page):
    """Send the form of a new template."""

    def send(**values):
        data = {"tenant": tenant.pk, **MAIL, **values}
        return ops.post(page(MessageTemplate, "add"), data)

    return send


def test_a_template_is_stored_with_its_writer(add, tenant, ops_user):
    assert add().status_code == 302

    template = MessageTemplate.objects.get()
    assert (template.tenant, template.key, template.updated_by) == (tenant, "hello", ops_user)


@pytest.mark.parametrize("field", ["subject", "text", "html"])
def test_a_mistake_in_a_text_is_named_at_the_text(field, add):
    answer = add(**{field: "{{ trigger.name | no_such_filter }}"})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert "no_such_filter" in str(answer.context["adminform"].form.errors[field])
    assert not MessageTemplate.objects.exists()


def test_parameters_are_written_one_a_line(add):
    add(channel="whatsapp", text="Order {{1}}, {{2}}", parameters="order_id\r\n\r\n total \r\n")

    assert MessageTemplate.objects.get().parameters == ["order_id", "total"]


def test_a_name_that_stands_there_twice_is_refused(add):
    answer = add(channel="whatsapp", parameters="a\na")

    assert "parameters" in answer.context["adminform"].form.errors


def test_the_same_key_twice_is_a_mistake_of_the_form(add, world):
    answer = add(key=world.secret)

    assert "There is already a message template with this key." in answer.content.decode()


def test_the_key_of_a_made_template_stays(ops, world, page):
    ops.post(page(world.template), {**MAIL, "key": "other"})

    world.template.refresh_from_db()
    assert (world.template.key, world.template.name) == (world.secret, "Hello")
