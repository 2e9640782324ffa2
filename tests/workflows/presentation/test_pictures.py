"""The picture of a workflow, drawn from its document."""

from workflows.presentation.documents.diagrams import picture


def note(name):
    return {"name": name, "label": name.title(), "action": "log_note", "params": {"text": "x"}}


def drawn(marks):
    """Return marks as nested lists: a label, or a label with its ways."""
    return [
        (mark.label, {way.label: drawn(way.marks) for way in mark.ways})
        if mark.ways
        else mark.label
        for mark in marks
    ]


def test_ways_stand_beside_one_another_with_their_names():
    branch = {
        "name": "by_risk",
        "action": "branch",
        "params": {
            "cases": [{"label": "High", "steps": [note("hold")]}],
            "otherwise": [note("go")],
        },
    }
    lanes = {
        "name": "both",
        "action": "parallel",
        "params": {"branches": [{"name": "mail", "label": "By mail", "steps": [note("write")]}]},
    }
    wait = {
        "name": "answer",
        "action": "wait_for_event",
        "params": {
            "reminders": [{"after": "1d", "steps": [note("nag")]}],
            "on_timeout": [note("end")],
        },
        "on_error": {"steps": [note("alarm")], "then": "stop"},
    }

    found = picture({"trigger_type": "new_order", "steps": [branch, lanes, wait]})

    assert found.begins == "New order"
    assert drawn(found.marks) == [
        ("By risk", {"High": ["Hold"], "Otherwise": ["Go"]}),
        ("Both", {"By mail": ["Write"]}),
        (
            "Answer",
            {"If it does not come in time": ["End"], "Reminder": ["Nag"], "If it fails": ["Alarm"]},
        ),
    ]
    assert [(mark.icon, mark.tone) for mark in found.marks] == [
        ("branch", "steers"),
        ("parallel", "steers"),
        ("hourglass", "waits"),
    ]


def test_an_unfinished_document_has_a_picture_too():
    found = picture(
        {"steps": [None, {"action": "gone"}, {"name": "x", "action": "branch", "params": 3}]}
    )

    assert [(mark.icon, mark.ways) for mark in found.marks] == [("bolt", ()), ("branch", ())]
