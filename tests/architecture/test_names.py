"""One name for one thing: whoever looks a class up finds one."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import tenants

ROOT = Path(tenants.__file__).parent.parent
# What Django looks for under a fixed name.
FIXED = {"Command", "Media", "Meta"}
MODULES = [
    file
    for package in ("config", "workflows", "actions", "tenants")
    for file in sorted((ROOT / package).rglob("*.py"))
    if file.parent.name != "migrations"
]


def test_no_two_classes_have_one_name():
    places = defaultdict(list)
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in FIXED:
                places[node.name].append(f"{file.relative_to(ROOT)}:{node.lineno}")

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("word", ["MOST", "LONGEST", "DEEPEST", "LARGEST"])
def test_limits_are_called_max(word):
    others = [
        f"{file.relative_to(ROOT)}: {target.id}"
        for file in MODULES
        for node in ast.parse(file.read_text()).body
        for target in _targets(node)
        if target.id.strip("_").split("_")[0] == word
    ]

    assert others == []


def _targets(node):
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target for target in targets if isinstance(target, ast.Name)]
