"""`python -m config.messages`: brings the catalogue of translations up to date, or checks it.

It works on a copy, so that a check changes nothing. Needs GNU gettext; only those who change the
sentences do, since the compiled catalogue is part of the source.
"""

import argparse
import gettext
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command

LANGUAGE = "ar"
CATALOGUE = Path("workflows", "locale", LANGUAGE, "LC_MESSAGES")
NEWER = "the catalogue is not up to date with the code: run `make messages`, then translate"
NAMED_AT_MOST = 20
MARKUP = re.compile(r"(<[^<>]*>)")
# Not a count, which needs no sign, nor a part of something longer that people copy.
FILLED_IN = re.compile(
    r"(?<![\w./@{-])(?:%\((?!count\))\w+\)s|\{[a-z_]+\})(?![\w/@}-]|\.\w)", re.ASCII
)
# The first letter of a translation.
ARABIC_FIRST = re.compile(r'[^"]*"[^A-Za-z\u0621-\u064a]*[\u0621-\u064a]')


def extracted(folder: Path) -> tuple[Path, str]:
    """Return a copy of the catalogue, up to date with the code, and what the extraction said."""
    place = folder / LANGUAGE / "LC_MESSAGES"
    place.mkdir(parents=True)
    copy = place / "django.po"
    shutil.copyfile(CATALOGUE / "django.po", copy)
    said = io.StringIO()
    settings.LOCALE_PATHS = [str(folder)]
    call_command(
        "makemessages",
        locale=[LANGUAGE],
        no_wrap=True,
        add_location="file",
        no_obsolete=True,
        # `locale`, or the catalogue in place would be taken instead of the copy.
        ignore_patterns=["tests", "locale"],
        stdout=said,
    )
    # Each run would change this line, and nobody reads it.
    text = re.sub(r'"POT-Creation-Date: .*\n', "", copy.read_text())
    copy.write_text(text)
    return copy, said.getvalue().replace(f"processing locale {LANGUAGE}\n", "")


def gettext_program(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - fixed commands


def chosen(po: Path, *which: str) -> list[str]:
    """Return the messages of `po` that msgattrib chooses, as they stand in the code."""
    chose = gettext_program("msgattrib", "--no-obsolete", "--no-wrap", *which, str(po)).stdout
    return [found for found in re.findall(r'^msgid "(.*)"$', chose, re.MULTILINE) if found]


def isolated(text: str) -> str:
    """Return a catalogue in which what is filled into a translation is laid out by itself.

    Without the signs for it “70 88 12” in an Arabic sentence reads “12 88 70”, and two English
    names beside one another change their places. Translators need not think of them.
    """
    found, is_translation = [], False
    for line in text.splitlines(keepends=True):
        if not line.startswith('"'):
            is_translation = line.startswith("msgstr")
        found.append(_isolated_line(line) if is_translation else line)
    return "".join(found)


def _isolated_line(line: str) -> str:
    parts = MARKUP.split(line)
    # What stands inside of a tag is an address or a name, and for the browser only.
    text = "".join(
        part
        if number % 2
        else FILLED_IN.sub("\N{FIRST STRONG ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", part)
        for number, part in enumerate(parts)
    )
    if text == line or ARABIC_FIRST.match(FILLED_IN.sub("", MARKUP.sub("", line))):
        return text
    # Nothing else says from which side it is read: what stands inside the signs does not count.
    return text.replace('"', '"\N{RIGHT-TO-LEFT MARK}', 1)


def compiled(po: Path) -> tuple[bytes, str]:
    source, target = po.with_name("isolated.po"), po.with_suffix(".mo")
    source.write_text(isolated(po.read_text()))
    made = gettext_program("msgfmt", "-c", "-o", str(target), str(source))
    return (b"", made.stderr) if made.returncode else (target.read_bytes(), "")


def meaning(mo: bytes) -> dict[object, str]:
    """Return what a compiled catalogue says: its bytes depend on the version of gettext."""
    catalogue: dict[object, str] = vars(gettext.GNUTranslations(io.BytesIO(mo)))["_catalog"]
    return {key: text for key, text in catalogue.items() if key}


def without_places(po: Path) -> str:
    """Return the catalogue without the files' names, which gettext's versions wrap differently."""
    return re.sub(r"^#: .*\n", "", po.read_text(), flags=re.MULTILINE)


def gaps(po: Path) -> Iterator[str]:
    """Say which messages have no translation or one that a person has to look at."""
    for option, state in (("--untranslated", "not translated"), ("--only-fuzzy", "fuzzy")):
        messages = chosen(po, option)
        for message in messages[:NAMED_AT_MOST]:
            yield f"{state}: {message}"
        if len(messages) > NAMED_AT_MOST:
            yield f"{state}: and {len(messages) - NAMED_AT_MOST} more"
    # gettext looks at the first form only. A text of several lines begins with an empty one.
    for form in sorted(set(re.findall(r'^(msgstr\[\d\]) ""\n(?!")', po.read_text(), re.MULTILINE))):
        yield f"a message with a number lacks its {form}"


def update(copy: Path) -> Iterator[str]:
    """Put the copy in place and compile it; say what is left to do."""
    shutil.copyfile(copy, CATALOGUE / "django.po")
    mo, refused = compiled(copy)
    if refused:
        yield refused.strip()
        return
    target = CATALOGUE / "django.mo"
    if not target.exists() or meaning(target.read_bytes()) != meaning(mo):
        target.write_bytes(mo)
    yield from gaps(copy)


def check(copy: Path) -> Iterator[str]:
    if without_places(copy) != without_places(CATALOGUE / "django.po"):
        yield NEWER
    yield from gaps(copy)
    mo, refused = compiled(copy)
    if refused:
        yield refused.strip()
    elif meaning((CATALOGUE / "django.mo").read_bytes()) != meaning(mo):
        yield "the compiled catalogue is not what the .po says: run `make messages`"


def main() -> int:
    """Update or check, as the arguments say; 1 if something is left to do."""
    parser = argparse.ArgumentParser(prog="python -m config.messages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, only say")
    only_check = parser.parse_args().check
    if shutil.which("xgettext") is None:
        print("This needs GNU gettext (Debian: apt install gettext)", file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        try:
            copy, said = extracted(Path(folder))
        except CommandError as failed:
            print(failed, file=sys.stderr)
            return 1
        wrong = [*said.splitlines(), *(check(copy) if only_check else update(copy))]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
