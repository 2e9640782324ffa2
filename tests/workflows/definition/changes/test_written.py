"""Which templates say something else in the third version of the language."""

import pytest

from workflows.definition.changes.numbers import rewritten
from workflows.presentation.documents.languages import language_changes


@pytest.mark.parametrize(
    ("template", "language", "currency", "changes"),
    [
        ('{{ trigger.x | date: "%d %B" }}', "ar", "LBP", ["names"]),
        ('{{ trigger.x | date: "%d.%m.%Y" }}', "ar", "LBP", []),
        ("{{ trigger.x | date: trigger.form }}", "ar", "LBP", ["names"]),
        ('{{ trigger.x | date: "%d %B" }}', "en", "LBP", []),
        ("{{ trigger.x | minor_units }}", "en", "LBP", ["units"]),
        ("{{ trigger.x | minor_units }}", "en", "USD", []),
        ("{{ trigger.x | minor_units }}", "en", "", []),
        ('{{ trigger.x | minor_units: "iqd" }}', "en", "USD", ["units"]),
        ("{{ trigger.x | minor_units: 'KWD' }}", "en", "LBP", []),
        ("{{ trigger.x | minor_units: trigger.currency }}", "en", "USD", ["units"]),
        ("minor_units: LBP, %B", "ar", "LBP", []),
    ],
)
def test_a_template_is_named_where_it_changes(template, language, currency, changes):
    document = {"steps": [{"name": "a", "params": {"text": [template]}}]}

    found = list(rewritten(document, language, currency))

    assert [one.change for one in found] == changes
    assert {one.place for one in found} <= {"/steps/0/params/text/0"}


def test_people_are_told_what_changes_and_where():
    document = {"steps": [{"name": "a", "params": {"text": "{{ 1 | minor_units: 'LBP' }}"}}]}

    [group] = language_changes(list(rewritten(document, "ar", "LBP")), document)

    assert group.title == "Amounts are now counted as payment providers count them"
    assert "100 to a Lebanese pound" in group.lines[0].text
    assert "minor_units: 'LBP'" in group.lines[1].text
