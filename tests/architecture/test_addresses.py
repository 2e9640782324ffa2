"""Only the pages know addresses and make HTML: what lies below them tells things, kind and id."""

import ast
from pathlib import Path

import pytest

import tenants

ROOT = Path(tenants.__file__).parent.parent
# The pages, and what stands above them or beside the programs.
PAGES = {"access", "addresses", "admin", "api", "apps", "checks", "management", "migrations"}
PAGES |= {"pages", "templatetags"}
FORBIDDEN = {"django.urls", "django.contrib.admin", "django.utils.safestring"}
FORBIDDEN |= {f"django.utils.html.{one}" for one in ("format_html", "format_html_join")}
BELOW = [
    file
    for app in ("workflows", "actions", "tenants")
    for file in sorted((ROOT / app).rglob("*.py"))
    if file.relative_to(ROOT / app).parts[0].removesuffix(".py") not in PAGES
]


def faults(text):
    """Return what a module has that belongs to a page."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (one for one in _imported(node) if one in FORBIDDEN)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in FORBIDDEN)
        elif isinstance(node, ast.Constant) and id(node) not in said and _is_address(node.value):
            yield node.value


def _is_address(value):
    return isinstance(value, str) and ("/admin/" in value or value.startswith("admin:"))


def _imported(node):
    return {str(node.module), *(f"{node.module}.{one.name}" for one in node.names)}


def test_no_addresses_and_no_html_below_the_pages():
    found = {str(file.relative_to(ROOT)): list(faults(file.read_text())) for file in BELOW}

    assert {file: what for file, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "from django.urls import reverse",
        "from django.contrib import admin",
        "import django.urls",
        "from django.utils.html import format_html",
        "from django.utils.safestring import SafeString",
        'page = f"{host}/admin/workflows/{key}/"',
        'page = "admin:workflows_workflowrun_change"',
    ],
)
def test_each_kind_of_fault_is_found(text):
    assert list(faults(text))
