"""A defect that shows in one look only is found in that look."""

import pytest

from tests.browser.accessibility import hindrances, looks

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>{style}</style></head>
<body><main><h1>A page</h1><p>Words</p>{more}</main></body></html>"""
# Slow, as links and buttons of the admin are: what is measured is where the colour arrives.
PALE_IN_THE_DARK = """p { color: #000; background: #fff; transition: all 9s }
@media (prefers-color-scheme: dark) { p { color: #444; background: #333 } }"""
WIDE_ON_A_TABLET = "@media (max-width: 1100px) { p { width: 1200px } }"


@pytest.mark.parametrize(
    ("style", "more", "expected"),
    [
        ("", "", {}),
        ("", "<button></button>", {"light": "button-name", "another size": "button-name"}),
        (PALE_IN_THE_DARK, "", {"dark": "color-contrast"}),
        (WIDE_ON_A_TABLET, "", {"another size": "184 px too wide"}),
    ],
    ids=["none", "a button without a name", "pale in the dark", "wide on a tablet"],
)
def test_a_defect_is_found_where_it_shows(browser, style, more, expected):
    page = browser.new_page()
    page.set_content(PAGE.format(style=style, more=more))

    found = {look: [one.split(":")[0] for one in hindrances(page, look)] for look in looks(page)}

    page.close()
    assert found == {look: [expected[look]] if look in expected else [] for look in found}
    assert len(found) == 3
