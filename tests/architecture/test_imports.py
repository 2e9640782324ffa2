"""Modules import in one direction, what is imported for the type checker alone included."""

from graphlib import CycleError, TopologicalSorter

import grimp

ROOTS = ("config", "workflows", "actions", "tenants")


def test_no_module_imports_what_imports_it():
    graph = grimp.build_graph(*ROOTS, exclude_type_checking_imports=False, cache_dir=None)
    imported = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}

    try:
        TopologicalSorter(imported).prepare()
        circle = []
    except CycleError as found:
        circle = found.args[1]

    assert circle == []
