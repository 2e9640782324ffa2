"""Take a picture of each page, in both languages and both colour schemes, and listen for trouble.

    python -m tests.browser.screenshots http://127.0.0.1:8000 /tmp/pictures --user ops --password …

With --readme only the pictures that the README shows, into the folder where they stay; in English,
or in what --variants says:

    python -m tests.browser.screenshots http://127.0.0.1:8000 templates/admin/pictures --readme …

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
    "gallery": "/admin/workflows/workflowdefinition/gallery/",
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
    "editor": "/admin/workflows/workflowdefinition/",
    "event": "/admin/workflows/workflowevent/?type=order_status_changed",
    "order": "/admin/tenants/order/",
    "connection": "/admin/actions/connection/",
    "message-template": "/admin/actions/messagetemplate/",
}
# What the README shows, each as one screen. No picture may be larger than this.
README_PAGES = ("index", "run-with-errors", "editor", "gallery")
README_BYTES = 200_000
VARIANTS = {
    "en-light": ("en-US", "light", 1280),
    "en-dark": ("en-US", "dark", 1280),
    "ar-light": ("ar", "light", 1280),
    "en-tablet": ("en-US", "light", 1024),
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
        usual = ["en-light"] if asked.readme else VARIANTS
        for variant in asked.variants or usual:
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
    parser.add_argument("--readme", action="store_true", help="only what the README shows")
    asked = parser.parse_args()
    if asked.readme:
        asked.pages = list(README_PAGES)
    return asked


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
    shown = not asked.readme or name in README_PAGES
    answer = page.goto(asked.address + address)
    if opens_first:
        first = page.locator("#result_list tbody tr:first-child th a").first
        if first.count() == 0:
            return
        first.click()
        page.wait_for_load_state()
    if answer is None or not answer.ok:
        print(f"{address} answered {answer and answer.status}", file=sys.stderr)
    if not shown:
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    short = name if variant == "en-light" else f"{name}-{variant[:2]}"
    path = asked.folder / (f"{short}.png" if asked.readme else f"{variant}-{name}.png")
    page.screenshot(path=path, full_page=not asked.readme)
    if asked.readme and path.stat().st_size > README_BYTES:
        print(f"{path} is larger than {README_BYTES} bytes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
