"""Builds any document in the editor as a person would, by clicking and typing only."""

import json
import re

from workflows.admin.editor.form.nodes import Node
from workflows.admin.editor.form.scalars import shown
from workflows.admin.editor.form.steps import node_of
from workflows.presentation.values import spelt_out

BOX = "ancestor::div[contains(concat(' ', @class, ' '), ' rjf-form-group ')][1]"
SETTINGS = {
    "concurrency_key": Node("text"),
    "when_busy": Node("choice"),
    "max_running": Node("number"),
    "deadline": Node("duration"),
    "output": Node("json", title="What it hands back"),
}
OTHER = "\u0000other"


def is_blank(form):
    """Say whether nothing is filled in."""
    if isinstance(form, dict | list):
        inner = form.values() if isinstance(form, dict) else form
        return all(is_blank(one) for one in inner)
    return not form


class Robot:
    """Works on one open editor. What it sees is the page; the form's text it only reads."""

    def __init__(self, editor):
        self.editor, self.page = editor, editor.page

    def build(self, document):
        """Build a document from an empty form. Labels are the short names in words."""
        self.editor.field("name").fill(document["name"])
        self._choose_or_type(
            self.page.locator('[data-area="trigger_type"]'), document["trigger_type"]
        )
        if "trigger_filter" in document:
            self._condition(self.page.locator(".sayr-editor-condition"), document["trigger_filter"])
        self._settings(document)
        self.steps(document["steps"], "steps")
        self.steps(document.get("on_failure", []), "on_failure")
        if "output" in document:
            self.editor.go("settings")
            self._fill(SETTINGS["output"], document["output"], ("output",))

    def steps(self, steps, path):
        """Add steps to a list, each with all that is in it."""
        for index, step in enumerate(steps):
            self.step(step, path, index)

    def step(self, step, path, index):
        """Add one step to the end of a list."""
        part = f"{path}/{index}"
        label = step.get("label") or spelt_out(step["name"])
        self.editor.add(step["action"], label, "" if path == "steps" else path)
        self.page.wait_for_selector(f'.sayr-editor-page[data-part="{part}"]')
        node = node_of(step["action"])
        self._params(node, step.get("params", {}), part)
        if "condition" in step:
            self._condition(self.page.locator(".sayr-editor-condition").last, step["condition"])
        self._failure(step)
        self._inside(node, step.get("params", {}), f"{part}/params")
        if isinstance(step.get("on_error"), dict):
            self.steps(step["on_error"].get("steps", []), f"{part}/on_error/steps")

    # A step's own page

    def _params(self, node, params, part):
        self._ways(node, params)
        now = self._form_at(
            f"{part}/params" if "/params/" not in part or part[-1].isdecimal() else part
        )
        for name, member in node.members.items():
            if member.kind in {"steps", "condition"} or self._is_blocks(member):
                continue
            if name in params:
                self._fill(member, params[name], (name,))
            elif not is_blank(now.get(name)):
                self._clear(member, (name,))
        for name, member in node.members.items():
            if member.kind == "condition" and name in params:
                section = self.page.locator("section.sayr-editor-section", has_text=member.title)
                self._condition(section.locator(".sayr-editor-condition"), params[name])

    def _ways(self, node, params):
        ways = node.ways.get("ways", [])
        fitting = [way for way in ways if set(params) <= set(way["members"])]
        if fitting:
            narrow = min(fitting, key=lambda way: len(way["members"]))
            self.page.select_option('[data-field="way"]', str(ways.index(narrow)))

    def _inside(self, node, params, path):
        for name, member in node.members.items():
            value = params.get(name)
            if value is None:
                continue
            if member.kind == "steps":
                self.steps(value, f"{path}/{name}")
            elif self._is_blocks(member):
                self._blocks(member, value, f"{path}/{name}")

    def _blocks(self, member, blocks, path):
        for index, block in enumerate(blocks):
            part = f"{path}/{index}"
            self.editor.drawn()  # a new step brings its first block along
            if self.page.locator(f'[data-part="{part}"]').count() == 0:
                self.page.click(f'[data-focus="add {path}"]')
                self.page.wait_for_selector(f'.sayr-editor-page[data-part="{part}"]')
            self.editor.go(part)
            self._block_fields(member.items, block, part)
            self._inside(member.items, block, part)

    def _block_fields(self, node, block, part):
        now = self._form_at(part)
        for name, member in node.members.items():
            if member.kind == "condition" and name in block:
                self._condition(self.page.locator(".sayr-editor-condition"), block[name])
            elif member.kind not in {"steps", "condition"} and name in block:
                self._fill(member, block[name], (name,))
            elif member.kind not in {"steps", "condition"} and not is_blank(now.get(name)):
                self._clear(member, (name,))

    @staticmethod
    def _is_blocks(member):
        items = member.items
        return (
            member.kind == "list"
            and items
            and any(m.kind == "steps" for m in items.members.values())
        )

    # One field

    def _fill(self, member, value, path):
        self._unfold(member, path)
        fill = getattr(self, f"_fill_{member.kind}", None)
        if fill:
            fill(member, value, path)
        elif member.kind in {"choice", "table", "reference", "column", "boolean"} or member.choices:
            self.editor.field(*path).select_option(shown(value))
        else:
            self._type(path, shown(value))

    def _type(self, path, text):
        field = self.editor.field(*path)
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)

    def _unfold(self, member, path):
        there = self.page.locator(f'[name^="{"§".join(["rjf", *map(str, path)])}"]')
        if member.names and there.count() == 0:
            self.page.click('[data-do="names"]')
        if member.more and there.count() == 0 and not self._group(member, path).count():
            self.page.click(".sayr-editor-more button:has-text('More fields')")

    def _clear(self, member, path):
        if member.kind == "duration":
            self._stand_in(path).locator("input").fill("")
        elif member.kind == "list":
            self._resize(member, path, 0)
        else:
            self.editor.field(*path).fill("")

    def _fill_duration(self, member, value, path):
        number, unit = value[:-1], value[-1]
        self._stand_in(path).locator("select").select_option(unit)
        self._stand_in(path).locator("input").fill(number)

    def _fill_clock(self, member, value, path):
        self._stand_in(path).locator("input").fill(value)

    def _fill_days(self, member, value, path):
        for day in value:
            self._stand_in(path).locator(f'[data-value="{day}"]').check()

    _fill_several = _fill_days

    def _fill_event(self, member, value, path):
        self._choose_or_type(self._stand_in(path), value)

    _fill_person = _fill_event

    def _fill_own(self, member, value, path):
        self._stand_in(path).locator("select").select_option(value)

    def _fill_list(self, member, value, path):
        self._resize(member, path, len(value))
        for index, item in enumerate(value):
            at = (*path, index)
            if member.items.kind == "object":
                for name, inner in member.items.members.items():
                    if name in item:
                        self._fill(inner, item[name], (*at, name))
            else:
                self._fill(member.items, item, at)

    def _fill_object(self, member, value, path):
        for name, inner in member.members.items():
            if name in value:
                self._fill(inner, value[name], (*path, name))

    def _fill_fields(self, member, value, path):
        for name, inner in value.items():
            self.editor.field(*path, "+").select_option(name)
            self._type((*path, name), shown(inner))

    def _fill_map(self, member, value, path):
        for index, (key, inner) in enumerate(value.items()):
            self._group(member, path).locator(".rjf-add-button").last.click()
            if member.payload:
                self._choose_or_type(self._stand_in((*path, index, "k")), key)
            else:
                self.editor.field(*path, index, "k").fill(key)
            self.editor.field(*path, index, "v").fill(shown(inner))

    _fill_json = _fill_map

    def _resize(self, member, path, wanted):
        has = len(self._value_at(path) or [])
        for _more in range(has, wanted):
            self._group(member, path).locator(".rjf-add-button").last.click()
        for _less in range(wanted, has):
            self._group(member, path).locator(".rjf-remove-button").last.click()
        self.page.wait_for_timeout(30)

    def _group(self, member, path):
        """Return the box of a list; one inside an element lies in the box of that element."""
        holder = self.page.locator(".sayr-editor-page")
        if len(path) > 1:
            first = self.page.locator(f'[name^="{"§".join(["rjf", *map(str, path[:-1])])}§"]').first
            holder = first.locator(f"xpath={BOX}")
        titled = re.compile(f"^{re.escape(member.title)}")
        title = holder.locator(".rjf-form-group-title", has_text=titled).last
        return title.locator(f"xpath={BOX}")

    def _stand_in(self, path):
        return self.page.locator(
            f'.sayr-editor-standin[data-for="{"§".join(["rjf", *map(str, path)])}"]'
        )

    def _choose_or_type(self, holder, value):
        offered = holder.locator("select option").evaluate_all("all => all.map(one => one.value)")
        if value in offered:
            holder.locator("select").select_option(value)
            return
        if offered:
            holder.locator("select").select_option(index=len(offered) - 1)
        holder.locator("input").fill(value)
        holder.locator("input").blur()

    # Conditions

    def _condition(self, section, condition):
        (mode, rows), *_ = condition.items()
        section.locator(".sayr-editor-mode").select_option(mode)
        for index, row in enumerate(rows):
            if section.locator(f'.sayr-editor-row[data-row="{index}"]').count() == 0:
                section.locator("text=Add a condition").last.click()
            self._row(section.locator(f'.sayr-editor-row[data-row="{index}"]'), row)

    def _row(self, place, row):
        offered = place.locator('[data-cell="field"] option').evaluate_all(
            "all => all.map(one => one.value)"
        )
        if row["field"] in offered:
            place.locator('[data-cell="field"]').select_option(row["field"])
        else:
            place.locator('[data-cell="field"]').select_option(OTHER)
            place.locator('input[data-cell="field"]').fill(row["field"])
        place.locator('[data-cell="operator"]').select_option(row["operator"])
        if "value" in row:
            value = place.locator('[data-cell="value"]').first
            if value.evaluate("element => element.tagName") == "SELECT":
                value.select_option(shown(row["value"]))
            else:
                value.fill(shown(row["value"]))

    # What goes wrong, and the head

    def _failure(self, step):
        on_error, retry = step.get("on_error"), step.get("retry")
        if isinstance(on_error, dict):
            self.page.select_option('[data-field="on_error"]', "steps")
            if on_error.get("then") == "continue":
                self.page.select_option('[data-field="then"]', "continue")
            if on_error.get("codes"):
                self.page.fill('[data-field="codes"]', ", ".join(on_error["codes"]))
        elif on_error:
            self.page.select_option('[data-field="on_error"]', on_error)
        if retry:
            self.page.select_option('[data-field="retry"]', "own")
            self.page.get_by_label("How often in all").fill(str(retry["attempts"]))
            line = self.page.locator('[data-area="retry/delay"]')
            line.locator("select").select_option(retry["delay"][-1])
            line.locator("input").fill(retry["delay"][:-1])
        if step.get("after_crash"):
            self.page.select_option('[data-field="after_crash"]', step["after_crash"])

    def _settings(self, document):
        given = {**document.get("settings", {}), "values": document.get("values")}
        if not any(given.values()):
            return
        self.editor.go("settings")
        for index, (key, value) in enumerate((given["values"] or {}).items()):
            self.page.locator(".rjf-add-button").first.click()
            self.editor.field("values", index, "k").fill(key)
            self.editor.field("values", index, "v").fill(value)
        for key, member in SETTINGS.items():
            if key in given:
                self._fill(member, given[key], (key,))

    # What the form holds now

    def _form_at(self, part):
        here = json.loads(self.page.input_value(".sayr-editor-source"))
        for key in part.split("/"):
            here = here[int(key)] if isinstance(here, list) else here[key]
        return here

    def _value_at(self, path):
        part = self.page.get_attribute(".sayr-editor-page", "data-part")
        here = self._form_at(part)
        here = here.get("params", here)
        for key in path:
            here = here[key] if not isinstance(here, dict) else here.get(key)
            if here is None:
                return None
        return here
