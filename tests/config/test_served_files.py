"""Tools that lie beside an app's static files are neither collected nor served."""

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

STATIC = Path(__file__).resolve().parents[2] / "workflows" / "static"
TOOLS = [path.name for path in STATIC.iterdir() if path.is_file()]


def test_every_file_lies_in_a_folder(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    call_command(
        "collectstatic", interactive=False, dry_run=True, verbosity=1, stdout=(out := StringIO())
    )
    collected = [
        Path(line.split("'")[1])
        for line in out.getvalue().splitlines()
        if line.startswith("Pretending")
    ]
    outside = [path for path in collected if path.parent == STATIC or "node_modules" in path.parts]
    assert STATIC / "workflows" / "editor" / "main.js" in collected
    assert outside == []


@pytest.mark.parametrize("name", [*TOOLS, "node_modules/eslint/package.json"])
def test_a_tool_is_not_found(name):
    assert finders.find(name) is None


def test_a_script_is_found():
    assert finders.find("workflows/editor/main.js") == str(STATIC / "workflows/editor/main.js")
    assert finders.find("admin/css/base.css") is not None
