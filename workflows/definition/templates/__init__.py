"""Liquid as this product speaks it: exact numbers, no silent gaps, nothing without a limit.

`compiled` is the door for documents, `render_text` for stored message templates.
"""

from workflows.definition.templates.compiled import (
    Template,
    compile_template,
    paths_in,
    render_text,
    template_paths,
    template_problems,
)

__all__ = [
    "Template",
    "compile_template",
    "paths_in",
    "render_text",
    "template_paths",
    "template_problems",
]
