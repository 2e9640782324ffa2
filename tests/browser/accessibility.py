"""What keeps people from using a page, in each look that a loaded page can take."""

from axe_playwright_python.base import AXE_FILE_PATH

GRAVE = {"serious", "critical"}
# All that a look can change of a page whose elements and words were looked at before: its colours,
# or the room that it has and the buttons that only a smaller screen shows.
RULES = {
    "light": (),
    "dark": ("color-contrast", "link-in-text-block"),
    "another size": (
        *("scrollable-region-focusable", "button-name", "link-name", "label", "select-name"),
        *("aria-hidden-focus", "aria-command-name", "aria-input-field-name"),
    ),
}
# Pictures and styles from elsewhere do not exist here, and asking for them fails. What axe did not
# object to is most of its answer, and takes longer to hand over than all of it to find.
RUN = """async ([within, rules]) => {
    const only = rules.length ? {runOnly: rules} : {};
    const options = {preload: false, resultTypes: ["violations"], ...only};
    const found = await axe.run(within || document, options);
    return found.violations.map((one) => [one.impact, one.id, one.nodes[0].html.slice(0, 200)]);
}"""
# Of the page, and of the table of a list in the place it has.
WIDTH_TOO_MUCH = """Math.max(
    document.documentElement.scrollWidth - window.innerWidth,
    ...[...document.querySelectorAll(".results")].map((box) => box.scrollWidth - box.clientWidth))
"""
# A colour on its way to another has a contrast that nobody reads by. What never ends has no end.
ARRIVE = """document.getAnimations().forEach((one) => {
    if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
})"""

# Phones, mail addresses and times whose first sign stands to the right of their last on one line.
TURNED_ROUND = r"""() => {
    const wanted = /\+\d[\d ]+\d|[\w.+-]+@[\w.-]+\w|\d\d [\d ]*\d/g, found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const node = texts.currentNode;
        if (!node.parentElement.checkVisibility()) continue;
        for (const one of node.data.matchAll(wanted)) {
            const place = (index) => {
                const range = document.createRange();
                range.setStart(node, one.index + index);
                range.setEnd(node, one.index + index + 1);
                return range.getBoundingClientRect();
            };
            const first = place(0), last = place(one[0].length - 1);
            if (first.top === last.top && first.left > last.left) found.push(one[0]);
        }
    }
    return found;
}"""

LANGUAGES = {"english": {"locale": "en-US"}, "arabic": {"locale": "ar"}}
TABLET = {"width": 1024, "height": 768}


def looks(page, size=TABLET, language="english"):
    """Show a loaded page in one look after the other, and yield the name of each.

    Nothing is loaded again: colours and sizes are the style's alone. The last is of another size.
    The dark colours are those of one language.
    """
    before = page.viewport_size
    yield "light"
    if language == "english":
        page.emulate_media(color_scheme="dark")
        page.evaluate(ARRIVE)
        yield "dark"
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(size)
    page.evaluate(ARRIVE)
    yield "another size"
    page.set_viewport_size(before)


def hindrances(page, look, within=""):
    """Return what keeps people from using a page, or a part of it, that is shown in this look."""
    return grave_findings(page, within, RULES[look]) + too_wide(page)


def turned_round(page):
    """Return the phones, numbers and addresses that a page shows from the wrong side."""
    return page.evaluate(TURNED_ROUND)


def too_wide(page):
    """Return by how much the page, or a list on it, is wider than the place it has; or nothing."""
    wide = page.evaluate(WIDTH_TOO_MUCH)
    return [f"{wide} px too wide"] if wide > 0 else []


def grave_findings(page, within="", rules=()):
    """Return each grave finding of axe-core, by all its rules or these, with its first element."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_FILE_PATH.read_text())
    found = page.evaluate(RUN, [within, rules])
    return [f"{name}: {html}" for impact, name, html in found if impact in GRAVE]
