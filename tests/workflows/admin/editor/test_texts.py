"""The words of the editor's scripts, and those of choices."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders

from workflows.admin.editor.presentation.operators import FITS
from workflows.admin.editor.presentation.texts import TEXTS
from workflows.definition.operators import OPERATORS
from workflows.presentation import vocabulary

SCRIPTS = Path(str(finders.find("workflows/editor/main.js"))).parent
SOURCE = "\n".join(path.read_text() for path in SCRIPTS.glob("*.js"))


def test_the_scripts_use_only_words_that_exist():
    assert set(re.findall(r"texts\.(\w+)", SOURCE)) <= set(TEXTS)


def test_every_comparison_has_a_name_and_fits_something():
    assert list(FITS) == list(vocabulary.OPERATORS)
    assert set(FITS) == set(OPERATORS)
    assert all(kinds.split() for kinds in FITS.values())


def test_the_scripts_keep_to_the_content_security_policy():
    for forbidden in (
        "innerHTML",
        "eval(",
        "new Function",
        'setAttribute("style"',
        "window.confirm",
    ):
        assert forbidden not in SOURCE
