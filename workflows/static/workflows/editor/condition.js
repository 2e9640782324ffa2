/* A condition as sentences: field, comparison, value. Groups may hold groups. */

import { drawChips } from "./chips.js";
import { button, find, findAll, h, say, select } from "./dom.js";
import { reachable } from "./values.js";

/** @import { Choice, Problem, Row, Rows, Texts, ValueItem } from "../../types" */
/** @import { Store } from "./store.js" */

const OTHER = "\u0000other";
const UNITS = ["s", "m", "h", "d"];

/** @typedef {{form: Rows, onChange: () => void, words: Record<string, string>, filter?: boolean, legend?: string, area?: string}} Given */
/** @typedef {Pick<Problem, "at" | "text">} Said */

export class Condition {
  /** words: the three choices; filter: only fields of the trigger, and no templates.
      @param {Store} store @param {Given} given */
  constructor(store, { form, onChange, words, filter = false, legend, area = "" }) {
    this.store = store;
    this.form = form;
    this.onChange = onChange;
    this.words = words;
    this.filter = filter;
    this.legend = legend;
    this.area = area || (filter ? "filter" : "condition");
    this.element = h("div.sayr-editor-condition");
    /** @type {Said[]} */
    this.errors = [];
    this.element.addEventListener("focusout", (event) => this.leave(event));
    this.draw();
  }

  /** A row that was only just added is not wrong before somebody has left it.
      @param {FocusEvent} event */
  leave(event) {
    /** @type {HTMLElement | null} */
    const row = event.target instanceof Element ? event.target.closest("[data-row]") : null;
    if (!row || !row.isConnected || (event.relatedTarget instanceof Element && row.contains(event.relatedTarget))) return;
    this.store.leave([this.area, ...(row.dataset.row || "").split("/")]);
  }

  draw() {
    const { texts } = this.store;
    if (this.form.mode === "raw") {
      this.element.replaceChildren(h("p.sayr-editor-help", {}, texts.condition_raw));
      return;
    }
    const modes = ["always", "all", "any"].map((mode) => ({ value: mode, title: this.words[mode] }));
    const mode = select(modes, this.form.mode, (value) => this.setMode(value), { "aria-label": this.legend });
    mode.classList.add("sayr-editor-mode");
    this.element.replaceChildren(mode);
    if (this.form.mode !== "always") this.element.append(this.rows(this.form, []));
    this.mark();
  }

  /** @param {string} mode */
  setMode(mode) {
    this.form.mode = mode;
    delete this.form.was;
    if (mode === "always") this.form.rows = [];
    else if (!this.form.rows.length) {
      this.form.rows.push(blankRow());
      this.store.enter([this.area, 0]);
    }
    this.redraw();
  }

  redraw() {
    this.onChange();
    this.draw();
  }

  /** @param {Rows} group @param {number[]} at */
  rows(group, at) {
    const { texts } = this.store;
    const joint = group.mode === "any" ? texts.or : texts.and;
    const list = h("ul.sayr-editor-rows", { "data-at": at.join("/") });
    group.rows.forEach((row, index) => {
      const here = [...at, index];
      const before = index ? h("span.sayr-editor-joint", {}, joint) : "";
      const inner = "rows" in row ? this.group(row, here) : this.row(row, here);
      list.append(h("li.sayr-editor-row-holder", {}, before, inner));
    });
    const add = button(texts.add_condition, () => this.add(group, at, blankRow()), { icon: "plus", kind: "quiet" });
    const addGroup = button(texts.add_group, () => this.add(group, at, { mode: "any", rows: [blankRow()] }), { icon: "plus", kind: "quiet" });
    return h("div", {}, list, h("div.sayr-editor-row-tools", {}, add, at.length < 3 ? addGroup : ""));
  }

  /** @param {Rows} group @param {number[]} at @param {Row | Rows} row */
  add(group, at, row) {
    group.rows.push(row);
    this.store.enter([this.area, ...at, group.rows.length - 1]);
    this.redraw();
    findAll(this.element, ".sayr-editor-row-field").at(-1)?.focus();
  }

  /** @param {number[]} at */
  remove(at) {
    const group = this.at(at.slice(0, -1));
    group.rows.splice(at[at.length - 1], 1);
    if (!group.rows.length && group === this.form) this.form.mode = "always";
    this.redraw();
  }

  /** @param {number[]} path @returns {Rows} */
  at(path) {
    return path.reduce((here, index) => /** @type {Rows} */ (here.rows[index]), this.form);
  }

  /** @param {number[]} at */
  remover(at) {
    return button(this.store.texts.remove, () => this.remove(at), { icon: "cross", iconOnly: true, kind: "tool" });
  }

  /** @param {Rows} group @param {number[]} at */
  group(group, at) {
    const { texts } = this.store;
    const modes = [{ value: "all", title: texts.group_all }, { value: "any", title: texts.group_any }];
    const mode = select(modes, group.mode, (value) => { group.mode = value; this.redraw(); }, { "aria-label": this.legend });
    return h("div.sayr-editor-group", { "data-row": at.join("/") }, h("div.sayr-editor-group-head", {}, mode, this.remover(at)), this.rows(group, at));
  }

  /** @param {Row} row @param {number[]} at */
  row(row, at) {
    const item = this.itemOf(row.field);
    const kind = item ? item.kind : "any";
    const cells = [this.field(row, item), this.operator(row, kind), this.value(row, item), this.remover(at)];
    return h("div.sayr-editor-row", { "data-row": at.join("/") }, cells, h("p.sayr-editor-row-error", { hidden: true }));
  }

  /** @param {string} path */
  itemOf(path) {
    return this.store.groups.flatMap((group) => group.items).find((item) => item.path === path);
  }

  groups() {
    const groups = this.filter ? this.store.groups.filter((group) => group.root === "trigger") : reachable(this.store);
    return groups.map((group) => ({
      title: group.title,
      choices: group.items.map((item) => ({ value: item.path, title: item.label })),
    }));
  }

  /** @param {Row} row @param {ValueItem | undefined} item */
  field(row, item) {
    const { texts } = this.store;
    if (row.typed || (row.field && !item)) return this.typedField(row);
    const choices = [{ value: "", title: texts.choose_field }, ...this.groups(), { value: OTHER, title: texts.other_field }];
    const chosen = select(choices, row.field, (value) => this.setField(row, value), { "aria-label": texts.field, "data-cell": "field" });
    if (item && chosen.value !== row.field) return this.typedField(row); // a step that lies later
    chosen.classList.add("sayr-editor-row-field");
    return chosen;
  }

  /** @param {Row} row */
  typedField(row) {
    const { texts } = this.store;
    const input = h("input.sayr-editor-input.sayr-editor-row-field", { type: "text", dir: "ltr", "aria-label": texts.field, "data-cell": "field", placeholder: "trigger.…" });
    input.value = row.field;
    input.addEventListener("input", () => { row.field = input.value; this.onChange(); });
    const back = button(texts.as_choice, () => { row.typed = false; row.field = ""; this.redraw(); }, { icon: "list", iconOnly: true, kind: "tool" });
    return h("span.sayr-editor-with-tool", {}, input, back);
  }

  /** @param {Row} row @param {string} value */
  setField(row, value) {
    row.typed = value === OTHER;
    row.field = row.typed ? "" : value;
    const item = this.itemOf(value);
    const known = this.operators(item ? item.kind : "any").map((one) => one.name);
    if (!known.includes(row.operator)) this.operate(row, known[0]);
    if (item && item.choices) row.value = this.wants(row) === "list" ? [] : "";
    this.redraw();
    this.refocus(row);
  }

  /** @param {Row} row */
  refocus(row) {
    const index = this.form.rows.indexOf(row);
    if (index >= 0) find(this.element, `[data-row="${index}"] select[data-cell]`)?.focus();
  }

  /** @param {string} kind */
  operators(kind) {
    const all = this.store.choices.operators || [];
    return all.filter((one) => one.kinds.includes(kind));
  }

  /** @param {Row} row @param {string} kind */
  operator(row, kind) {
    const { texts } = this.store;
    const fitting = this.operators(kind).filter((one) => !one.before || row.field.startsWith("trigger"));
    const choices = fitting.map((one) => ({ value: one.name, title: one.label }));
    if (!fitting.some((one) => one.name === row.operator)) {
      const known = (this.store.choices.operators || []).find((one) => one.name === row.operator);
      choices.unshift({ value: row.operator, title: known ? known.label : row.operator || texts.choose });
    }
    return select(choices, row.operator, (value) => this.setOperator(row, value), { "aria-label": texts.operator, "data-cell": "operator" });
  }

  /** @param {Row} row */
  wants(row) {
    const operator = (this.store.choices.operators || []).find((one) => one.name === row.operator);
    return operator ? operator.wants : "value";
  }

  /** @param {Row} row @param {string} name */
  setOperator(row, name) {
    this.operate(row, name);
    this.redraw();
  }

  /** Another comparison, and of the value what it can compare with.
      @param {Row} row @param {string} name */
  operate(row, name) {
    const before = this.wants(row);
    row.operator = name;
    const wants = this.wants(row);
    const listed = wants === "list" || wants === "pair";
    if (listed && typeof row.value === "string") row.value = row.value && wants === "list" ? [row.value] : [];
    if (!listed && Array.isArray(row.value)) row.value = row.value[0] || "";
    if (wants !== before && ["duration", "nothing"].includes(wants)) row.value = "";
  }

  /** @param {Row} row @param {ValueItem | undefined} item */
  value(row, item) {
    const wants = this.wants(row);
    const choices = item && item.choices;
    if (wants === "nothing") return h("span.sayr-editor-no-value");
    if (wants === "pair") return this.pair(row);
    if (wants === "list") return choices ? this.checks(row, choices) : this.lines(row);
    if (wants === "duration") return duration(this.store.texts, String(row.value), (text) => this.set(row, text));
    if (choices && !String(row.value).includes("{{")) return this.chosen(row, choices);
    return this.typed(row, item);
  }

  /** @param {Row} row @param {Row["value"]} value */
  set(row, value) {
    row.value = value;
    this.onChange();
  }

  /** @param {Row} row @param {Choice[]} choices */
  chosen(row, choices) {
    const { texts } = this.store;
    const all = [{ value: "", title: texts.choose }, ...choices];
    const now = String(row.value);
    if (now && !choices.some((one) => one.value === now)) {
      all.push({ value: now, title: say(texts.gone, { value: now }) });
    }
    return select(all, now, (value) => this.set(row, value), { "aria-label": texts.value, "data-cell": "value" });
  }

  /** @param {Row} row @param {ValueItem | undefined} item */
  typed(row, item) {
    const { texts } = this.store;
    const example = item && item.example ? item.example : "";
    const input = this.input(String(row.value), example, (value) => this.set(row, value));
    if (this.filter) return input;
    const open = () => this.store.tell("insert", { input, title: texts.insert });
    const insert = button(texts.insert, open, { icon: "insert", iconOnly: true, kind: "tool" });
    insert.addEventListener("mousedown", (event) => event.preventDefault());
    const chips = h("ul.sayr-editor-chips", { hidden: true, "aria-label": texts.values_in_it });
    const show = () => drawChips(this.store, chips, input);
    input.addEventListener("input", show);
    show();
    return h("span.sayr-editor-value-cell", {}, h("span.sayr-editor-with-tool", {}, input, insert), chips);
  }

  /** @param {string} value @param {string} placeholder @param {(value: string) => void} oninput */
  input(value, placeholder, oninput) {
    const input = h("input.sayr-editor-input", { type: "text", dir: "auto", placeholder, "aria-label": this.store.texts.value, "data-cell": "value" });
    input.value = value;
    input.addEventListener("input", () => oninput(input.value));
    return input;
  }

  /** @param {Row} row */
  pair(row) {
    const values = Array.isArray(row.value) ? row.value : [];
    /** @param {number} index @param {string} text */
    const set = (index, text) => {
      const next = [values[0] || "", values[1] || ""];
      next[index] = text;
      values.splice(0, 2, ...next);
      this.set(row, [...values]);
    };
    const inputs = [0, 1].map((index) => this.input(values[index] || "", "", (text) => set(index, text)));
    return h("span.sayr-editor-pair", {}, inputs[0], h("span", {}, this.store.texts.and), inputs[1]);
  }

  /** @param {Row} row */
  lines(row) {
    const value = Array.isArray(row.value) ? row.value.join("\n") : row.value;
    const area = h("textarea.sayr-editor-input", { rows: "3", dir: "auto", "aria-label": this.store.texts.value, placeholder: this.store.texts.words_hint, "data-cell": "value" });
    area.value = value;
    /** @param {string} text */
    const isOne = (text) => text.trim().startsWith("{{") && !text.trim().includes("\n");
    area.addEventListener("input", () => {
      this.set(row, isOne(area.value) ? area.value : area.value.split("\n").filter((line) => line !== ""));
    });
    return area;
  }

  /** @param {Row} row @param {Choice[]} choices */
  checks(row, choices) {
    const chosen = new Set(Array.isArray(row.value) ? row.value : [row.value]);
    const gone = [...chosen].filter((value) => value && !choices.some((one) => one.value === value));
    const all = [...choices, ...gone.map((value) => ({ value, title: say(this.store.texts.gone, { value }) }))];
    const boxes = all.map(({ value, title }) => {
      const box = h("input", { type: "checkbox", checked: chosen.has(value) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(value);
        else chosen.delete(value);
        this.set(row, all.map((one) => one.value).filter((one) => chosen.has(one)));
      });
      return h("label.sayr-editor-check", {}, box, h("span", {}, title));
    });
    return h("span.sayr-editor-checks", { role: "group", "aria-label": this.store.texts.value }, boxes);
  }

  /** problems: [{at: [row, …, cell], text}].
      @param {Said[]} problems */
  show(problems) {
    this.errors = problems;
    this.mark();
  }

  mark() {
    for (const line of findAll(this.element, ".sayr-editor-row-error")) line.hidden = true;
    for (const control of this.element.querySelectorAll("[data-cell]")) control.setAttribute("aria-invalid", "false");
    const loose = [];
    for (const { at, text } of this.errors) {
      const path = at.filter((key) => typeof key === "number");
      const cell = at.find((key) => typeof key === "string");
      const row = this.rowAt(path);
      if (!row) {
        loose.push(text);
        continue;
      }
      const line = find(row, ".sayr-editor-row-error");
      if (!line) continue;
      line.textContent = line.hidden ? text : `${line.textContent} ${text}`;
      line.hidden = false;
      row.querySelectorAll(`[data-cell="${cell}"]`).forEach((one) => one.setAttribute("aria-invalid", "true"));
    }
    this.loose(loose);
  }

  /** An element of a list belongs to its row.
      @param {number[]} path */
  rowAt(path) {
    for (let length = path.length; length; length -= 1) {
      const row = this.element.querySelector(`.sayr-editor-row[data-row="${path.slice(0, length).join("/")}"]`);
      if (row) return row;
    }
    return null;
  }

  /** @param {string[]} lines */
  loose(lines) {
    const old = this.element.querySelector(":scope > .sayr-editor-error");
    if (old) old.remove();
    if (lines.length) this.element.append(h("p.sayr-editor-error", {}, lines.join(" ")));
  }
}

/** “2 hours” for 2h. What is no such text is shown as it is.
    @param {Texts} texts
    @param {string} value
    @param {(text: string) => void} onchange
    @param {{label?: string, placeholder?: string, id?: string, unit?: string}} [options] */
export function duration(texts, value, onchange, options = {}) {
  const found = /^(\d{1,9})([smhd])$/.exec(value);
  if (value && !found) {
    const input = h("input.sayr-editor-input", { type: "text", dir: "ltr", "data-cell": "value", "aria-label": options.label || texts.value });
    input.value = value;
    input.addEventListener("input", () => onchange(input.value));
    return input;
  }
  const number = h("input.sayr-editor-input.sayr-editor-number", { type: "number", min: "1", step: "1", "data-cell": "value", placeholder: options.placeholder || "", "aria-label": options.label || texts.value, ...(options.id ? { id: options.id } : {}) });
  number.value = found ? found[1] : "";
  const names = [texts.seconds, texts.minutes, texts.hours, texts.days];
  const units = UNITS.map((unit, index) => ({ value: unit, title: names[index] }));
  const tell = () => onchange(number.value ? `${number.value}${unit.value}` : "");
  const unit = select(units, found ? found[2] : options.unit || "h", tell, { "aria-label": options.label || texts.value });
  number.addEventListener("input", tell);
  return h("span.sayr-editor-duration", {}, number, unit);
}

/** @returns {Row} */
function blankRow() {
  return { field: "", operator: "equals", value: "" };
}

