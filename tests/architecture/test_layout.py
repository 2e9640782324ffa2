"""The layout of the product: rooms small enough to be looked through."""

from pathlib import Path

import pytest

import tenants
from tests.architecture.layout import PAPER, renewed

ROOT = Path(tenants.__file__).parent.parent
MAX_MODULES = 20
FOLDERS = sorted(
    {
        file.parent.relative_to(ROOT).as_posix()
        for package in ("config", "workflows", "actions", "tenants")
        for file in (ROOT / package).rglob("*.py")
        if file.parent.name != "migrations"
    }
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_at_most_20_modules(folder):
    modules = [file for file in (ROOT / folder).glob("*.py") if file.name != "__init__.py"]

    assert len(modules) <= MAX_MODULES


@pytest.mark.parametrize("folder", [one for one in FOLDERS if one != "config/deploy"])
def test_a_package_says_what_it_holds(folder):
    first = (ROOT / folder / "__init__.py").read_text()

    assert first.startswith('"""')


def test_the_layout_in_architecture_md_is_todays():
    text = PAPER.read_text()

    assert renewed(text) == text  # `python -m tests.architecture.layout` renews it
