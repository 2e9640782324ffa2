"""The layout of the product, read from its packages; run as a program it renews ARCHITECTURE.md."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "ARCHITECTURE.md"
APPS = ["workflows", "actions", "tenants", "config"]
LEFT_OUT = {"migrations", "management", "commands"}
BEGIN, END = "<!-- layout -->\n", "<!-- end of layout -->\n"


def sentence_of(package):
    """Return the first sentence of a package's docstring; "" for one without."""
    found = re.match(r'"""(.+?)(?:\n|""")', (package / "__init__.py").read_text())
    return found[1] if found else ""


def packages(folder):
    inner = [one for one in sorted(folder.iterdir()) if (one / "__init__.py").exists()]
    return [one for one in inner if one.name not in LEFT_OUT]


def layout():
    """Return the layout to two levels, a line for each room."""
    lines = []
    for app in APPS:
        lines += [f"{app}/", f"  {sentence_of(ROOT / app)}"] if sentence_of(ROOT / app) else []
        for room in packages(ROOT / app):
            lines.append(f"  {room.name + '/':16}{sentence_of(room)}")
            lines += [f"    {part.name + '/':20}{sentence_of(part)}" for part in packages(room)]
    return "```\n" + "\n".join(lines) + "\n```\n"


def renewed(text):
    """Return the text of ARCHITECTURE.md with the layout of today."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + layout() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAPER.write_text(renewed(PAPER.read_text()))
