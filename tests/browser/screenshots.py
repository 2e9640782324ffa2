"""Take a picture of each page, in both languages and both colour schemes, and listen for trouble.

    python -m tests.browser.screenshots http://127.0.0.1:8000 /tmp/pictures --user rana --password …

Needs a running server and Debian's Chromium. Ends with 1 if a page logged an error, for example
something that the content security policy forbids.
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PAGES = {
    "index": "/admin/",
    "runs": "/admin/workflows/workflowrun/",
    "runs-nothing-found": "/admin/workflows/workflowrun/?q=nothing-like-this",
    "workflows": "/admin/workflows/workflowdefinition/",
    "workflow-add": "/admin/workflows/workflowdefinition/add/",
    "events": "/admin/workflows/workflowevent/",
    "orders": "/admin/tenants/order/",
    "connections": "/admin/actions/connection/",
    "connection-add": "/admin/actions/connection/add/",
    "connection-add-whatsapp": "/admin/actions/connection/add/?kind=whatsapp",
    "message-templates": "/admin/actions/messagetemplate/",
    "message-template-add": "/admin/actions/messagetemplate/add/",
    "api-keys": "/admin/tenants/apikey/",
}
# The first row of a list, and the page behind it.
FIRST_OF = {
    "run-failed": "/admin/workflows/workflowrun/?status=failed",
    "run-with-errors": "/admin/workflows/workflowrun/?status=completed_with_errors",
    "run-completed": "/admin/workflows/workflowrun/?status=completed",
    "run-waiting": "/admin/workflows/workflowrun/?status=waiting",
    "workflow": "/admin/workflows/workflowdefinition/",
    "event": "/admin/workflows/workflowevent/",
    "order": "/admin/tenants/order/",
    "connection": "/admin/actions/connection/",
    "message-template": "/admin/actions/messagetemplate/",
}
VARIANTS = {
    "en-light": ("en-US", "light", 1280),
    "en-dark": ("en-US", "dark", 1280),
    "ar-light": ("ar", "light", 1280),
    "en-tablet": ("en-US", "light", 834),
}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> int:
    """Take all pictures; return 1 if a page complained."""
    asked = _arguments()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for variant in asked.variants or VARIANTS:
            complaints += _take(browser, variant, asked)
        browser.close()
    print("\n".join(complaints) or "No page complained.")
    return 1 if complaints else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--variants", nargs="*", choices=VARIANTS)
    parser.add_argument("--pages", nargs="*", help="only these")
    return parser.parse_args()


def _take(browser: Browser, variant: str, asked: argparse.Namespace) -> list[str]:
    language, scheme, width = VARIANTS[variant]
    context = browser.new_context(
        locale=language,
        color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{variant} {page.url}: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"{variant} {page.url}: {error}"))
    _picture(page, asked, variant, "login", "/admin/login/?next=/admin/")
    page.fill("#id_username", asked.user)
    page.fill("#id_password", asked.password)
    page.click("input[type=submit]")
    for name, address in PAGES.items():
        _picture(page, asked, variant, name, address)
    for name, address in FIRST_OF.items():
        _picture(page, asked, variant, name, address, opens_first=True)
    context.close()
    return complaints


def _picture(
    page: Page,
    asked: argparse.Namespace,
    variant: str,
    name: str,
    address: str,
    *,
    opens_first: bool = False,
) -> None:
    if asked.pages and name not in {*asked.pages, "login"}:
        return
    answer = page.goto(asked.address + address)
    if opens_first:
        first = page.locator("#result_list tbody tr:first-child th a").first
        if first.count() == 0:
            return
        first.click()
        page.wait_for_load_state()
    if answer is None or not answer.ok:
        print(f"{address} answered {answer and answer.status}", file=sys.stderr)
    asked.folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=asked.folder / f"{variant}-{name}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
