"""The Arabic catalogue: what is added to the translations, and that no sentence is missed."""

import ast
from pathlib import Path

import pytest

from config.messages import isolated

ROOT = Path(__file__).resolve().parents[2]
MARKING = {"gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
# Names of which the extraction knows that they mark a sentence.
KNOWN = {*MARKING, "_"}


@pytest.mark.parametrize(
    ("translation", "made"),
    [
        ("خطوة %(step)s فشلت", "خطوة \u2068%(step)s\u2069 فشلت"),
        ("إضافة: {name}", "إضافة: \u2068{name}\u2069"),
        ("%(field)s: %(value)s", "\u200f\u2068%(field)s\u2069: \u2068%(value)s\u2069"),
        ("%(count)s خطوات", "%(count)s خطوات"),
        ('من <a href=\\"%(url)s\\">ملف</a>', 'من <a href=\\"%(url)s\\">ملف</a>'),
        ("اقرأ steps.%(step)s.output", "اقرأ steps.%(step)s.output"),
    ],
)
def test_what_is_filled_in_keeps_its_own_direction(translation, made):
    assert isolated(f'msgid "x"\nmsgstr "{translation}"\n') == f'msgid "x"\nmsgstr "{made}"\n'


def test_the_sentence_in_the_code_is_left_alone():
    assert isolated('msgid "%(field)s: %(value)s"\n') == 'msgid "%(field)s: %(value)s"\n'


def test_sentences_are_marked_with_names_that_the_extraction_knows():
    others = [
        f"{path.relative_to(ROOT)}: {name.asname}"
        for folder in ("actions", "config", "tenants", "workflows")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name in MARKING and (name.asname or name.name) not in KNOWN
    ]

    assert others == []
