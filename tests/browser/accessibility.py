"""What axe-core finds on a page: only what keeps people from using it."""

from axe_playwright_python.base import AXE_FILE_PATH

GRAVE = {"serious", "critical"}
# Pictures and styles from elsewhere do not exist here, and asking for them fails.
RUN = "axe.run({preload: false})"


def grave_findings(page):
    """Return each grave finding with the first element it is about.

    The page has to be opened with `bypass_csp`: axe itself writes styles into what it measures.
    """
    page.evaluate(AXE_FILE_PATH.read_text())
    found = page.evaluate(RUN)["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in GRAVE
    ]
