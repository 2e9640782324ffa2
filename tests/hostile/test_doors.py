"""Over every door and every kind of hostile value: taken and handled, or refused in words.

Never a page that breaks, neither the one that was asked nor one that shows what was stored; and a
run of another company ends after each.
"""

import pytest

from tests.hostile import doors, values
from tests.hostile.site import Site, publish_for

pytestmark = pytest.mark.django_db(transaction=True)

# What has to be refused by every door that takes it: nothing of it may come into a row.
NEVER_TAKEN = {
    "1e5000",
    "1e131071",
    "1e-5000",
    "1e3000000",
    "101 digits",
    "5,000 digits",
    "100,000 deep",
    "NUL",
}
KINDS = {
    "text": (doors.TEXT_DOORS, values.JSON_TEXTS),
    "value": (doors.VALUE_DOORS, values.PYTHON_VALUES),
    "name": (doors.NAME_DOORS, values.NAMES),
    "address": (doors.ADDRESS_DOORS, values.ADDRESSES),
    "cron": (doors.CRON_DOORS, values.CRONS),
    "zone": (doors.ZONE_DOORS, values.ZONES),
}
EVERY = [(kind, door) for kind, (found, _values) in KINDS.items() for door in found]

ASKS = {
    "name": "Asks",
    "trigger_type": "hostile_question",
    "steps": [
        {
            "name": "ask",
            "action": "approval",
            "params": {"title": "{{ trigger.title }}", "approvers": ["{{ trigger.approvers[0] }}"]},
        }
    ],
}
MAILS = {
    "name": "Mails",
    "trigger_type": "hostile_mail",
    "steps": [
        {
            "name": "mail",
            "action": "send_email",
            "params": {"to": ["{{ trigger.to }}"], "subject": "x", "text": "y"},
        }
    ],
}


@pytest.fixture
def site(tenant, other_tenant, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    made = Site(tenant, other_tenant)
    publish_for(tenant, "asks", ASKS)
    publish_for(tenant, "mails", MAILS)
    yield made
    made.close()


# What a door makes of a hostile value that is not refused, and why that is right.
HANDLED = {
    # Names on lines, which are no JSON.
    "message_template": NEVER_TAKEN,
    # What a step reads is replaced: nobody is there who could send it again.
    "step_that_reads_json": {"NUL"},
    # In one line, which is all that a mail and a list show of it. A draft may be wrong.
    "title_of_an_approval": set(values.NAMES),
    "name_of_an_imported_workflow": set(values.NAMES),
    "name_of_a_person": {"only blanks"},
    "name_of_who_decides": {"only blanks"},
    # Some people are called like that; nobody is, so nobody is told.
    "address_of_an_approver": {"no domain", "dots", "another alphabet"},
    # One address, and how its owner is called; a server may know letters beyond ASCII.
    "address_in_a_mail": {"a name", "another alphabet"},
    # Every hour; and blanks of any kind part the fields.
    "cron_of_a_schedule": {"a step of many digits", "a line break"},
}


# So that no door seems tight because it is shut.
HONEST = {
    "text": '{"a": [1.5, "نور", true, null]}',
    "value": {"a": [1.5, "نور"]},
    "name": "طلب جديد",
    "address": "head@example.com",
    "cron": "30 9 * * 0-4",
    "zone": "Asia/Riyadh",
}
# These ask for something else than the value itself, or store nothing.
ASK_FOR_MORE = {
    *("api_decide", "approval_page", "approval_link", "connection_settings", "correct_a_field"),
    *("test_page", "editor_body", "editor_form", "editor_text", "message_template_preview"),
    *("name_of_a_workflow", "name_in_a_record", "type_of_an_event", "address_on_whose_behalf"),
}


@pytest.mark.parametrize(("kind", "door"), EVERY, ids=lambda one: getattr(one, "__name__", one))
def test_a_hostile_value_is_handled_or_refused_and_others_go_on(site, kind, door):
    said = door(site, HONEST[kind])
    assert said is None or door.__name__ in ASK_FOR_MORE
    faults, taken = {}, set()
    for name, value in KINDS[kind][1].items():
        try:
            if door(site, value) is None:
                taken.add(name)
                site.assert_the_other_goes_on()
        except Exception as fault:  # noqa: BLE001  # told together
            faults[name] = repr(fault)[:500]

    assert faults == {}
    refused = NEVER_TAKEN if kind == "text" else set(KINDS[kind][1])
    if kind != "value":
        assert taken & refused <= HANDLED.get(door.__name__, set())
    site.assert_the_other_goes_on()
    if taken:
        site.assert_every_page_comes_up()
