/* What django-jsonform's fields lack: labels bound to inputs, our words, “Insert a value”, previews,
   and a way to take a chosen field out again. Only adds to its elements, never moves or removes. */

import { isGroup, isShown } from "./blocks.js";
import { drawChips } from "./chips.js";
import { button, h, newId, say } from "./dom.js";
import { isBlank } from "./schema.js";
import { StandIns } from "./standins.js";

/** @import { Field, Input, Target, TextInput, Value } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Previews } from "./previews.js" */
/** @import { Fields } from "./fields.js" */

export class Decorator {
  /** @param {Store} store @param {Fields} fields @param {Previews | null} previews */
  constructor(store, fields, previews) {
    this.store = store;
    this.fields = fields;
    this.previews = previews;
    this.standIns = new StandIns(store, fields);
    this.planned = false;
    /** @type {HTMLElement} */
    this.container = h("div");
    this.observer = new MutationObserver(() => this.soon());
    store.on("values", () => this.soon());
  }

  /** @param {HTMLElement} container */
  watch(container) {
    this.container = container;
    this.observer.observe(container, { childList: true, subtree: true });
    this.decorate();
  }

  stop() {
    this.observer.disconnect();
  }

  soon() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      if (this.container.isConnected) this.decorate();
    });
  }

  decorate() {
    this.relabel();
    this.groups();
    /** @type {NodeListOf<Input>} */
    const inputs = this.container.querySelectorAll('[name^="rjf§"]');
    inputs.forEach((input) => this.field(input));
    this.hideUnneeded();
  }

  /* Members of an element that only matter beside certain others. The elements of a list share one
     schema, so what one of them does not need is drawn, and hidden here. */
  hideUnneeded() {
    for (const [name, member] of Object.entries(this.fields.node.members || {})) {
      const items = member.kind === "list" && member.items && member.items.members;
      const data = this.fields.data[name];
      if (!items || !Array.isArray(data)) continue;
      const asked = Object.entries(items).filter(([, one]) => one.when);
      data.forEach((item, index) => asked.forEach(([key, one]) => {
        const isOff = isGroup(item) && !isShown(one, item) && isBlank(item[key]);
        const group = this.groupOf([name, index], one.title || "");
        if (group) group.classList.toggle("sayr-editor-off", isOff);
      }));
    }
  }

  /** The box of a list inside an element, found by its title.
      @param {(string | number)[]} path @param {string} title */
  groupOf(path, title) {
    const first = this.fields.fieldAt(path);
    /** @type {Element | null} */
    let box = first && first.closest(".rjf-form-group");
    while (box && !this.titled(box, title)) box = box.parentElement?.closest(".rjf-form-group, .sayr-editor-jsonform") || null;
    return box && this.titled(box, title);
  }

  /** @param {Element} box @param {string} title */
  titled(box, title) {
    const titles = [...box.querySelectorAll(".rjf-form-group-title")];
    const found = titles.find((one) => wordsOf(one) === title);
    return found && found.closest(".rjf-form-group");
  }

  relabel() {
    const texts = this.store.texts;
    /** @type {NodeListOf<HTMLElement>} */
    const adds = this.container.querySelectorAll(".rjf-add-button");
    for (const add of adds) {
      this.word(add, texts.add_item);
      add.title = texts.add_item;
    }
    const words = { remove: texts.remove, "move-up": texts.move_up, "move-down": texts.move_down };
    for (const [name, word] of Object.entries(words)) {
      /** @type {NodeListOf<HTMLElement>} */
      const controls = this.container.querySelectorAll(`.rjf-${name}-button`);
      for (const control of controls) {
        control.title = word;
        control.setAttribute("aria-label", word);
      }
    }
    // What it does is said by its sign; the package's word for it is English.
    for (const fold of this.container.querySelectorAll(".rjf-collapse-button")) fold.removeAttribute("title");
    for (const select of this.container.querySelectorAll("select")) this.placeholder(select);
  }

  /** The package's own first option stands for our blank one, and says the same.
      @param {HTMLSelectElement} select */
  placeholder(select) {
    const [first, second] = select.options;
    if (!first || !first.disabled || first.hidden || !second) return;
    this.word(first, second.value === "" ? second.text : this.store.texts.choose);
    first.hidden = true;
  }

  /* The words that a group's title names: which of them have to be filled in. */
  groups() {
    const members = Object.values(this.fields.node.members || {});
    for (const title of this.container.querySelectorAll(".rjf-form-group-title")) {
      const words = wordsOf(title);
      const member = members.find((one) => one.title === words);
      title.classList.toggle("sayr-editor-needed", Boolean(member && member.required));
      if (member) this.switches(title, member);
    }
    for (const operator of this.container.querySelectorAll('[name$="§operator"]')) {
      operator.closest(".rjf-form-group-children")?.classList.add("sayr-editor-sentence-row");
    }
    for (const key of this.container.querySelectorAll('[name$="§k"]')) {
      key.closest(".rjf-form-group-children")?.classList.add("sayr-editor-pair-row");
    }
  }

  /** Other ways to fill in a group: one value for all of it; JSON, for lists and groups inside.
      @param {Element} title @param {Field} member */
  switches(title, member) {
    if (title.querySelector(".sayr-editor-switches")) return;
    const { texts } = this.store;
    const name = this.keyOf(member);
    const asText = () => this.fields.put([name], asJson(this.fields.data[name]));
    /** @param {string} text */
    const put = (text) => this.fields.put([name], text);
    const words = say(texts.insert_into, { field: member.title });
    const asValue = () => this.store.tell("insert", { put, title: words });
    const made = [];
    if (member.kind === "json") made.push(button(texts.as_json, asText, { kind: "switch" }));
    if (member.template !== false && ["list", "map", "json"].includes(member.kind) && this.previews) {
      made.push(button(texts.as_value, asValue, { kind: "switch" }));
    }
    if (made.length) title.append(h("span.sayr-editor-switches", {}, made));
  }

  /** @param {Field} member */
  keyOf(member) {
    const members = Object.entries(this.fields.node.members || {});
    return members.find(([, one]) => one === member)?.[0] || "";
  }

  /** React does not touch a text that is always the same.
      @param {Element} element @param {string} word */
  word(element, word) {
    if (element.textContent !== word) element.textContent = word;
  }

  /** @param {Input} input */
  field(input) {
    const path = input.name.split("§").slice(1);
    const node = this.fields.nodeAt(path) || { kind: "" };
    const row = input.closest(".rjf-form-row");
    if (!row) return;
    const inner = row.querySelector(".rjf-form-row-inner") || row;
    const control = this.standIns.of(input, inner, node, path);
    this.bind(input, row, node, path);
    if (control !== input) this.bindControl(control, input, row);
    this.tools(input, inner, node, path);
    this.preview(input, inner, node);
  }

  /** @param {Input} input @param {Element} row @param {Field} node @param {string[]} path */
  bind(input, row, node, path) {
    if (!input.id) input.id = newId("sayr-editor-in");
    const label = row.querySelector("label");
    if (label) label.htmlFor = input.id;
    else input.setAttribute("aria-label", this.nameOf(path, node));
    const error = row.querySelector(".rjf-error-text");
    input.setAttribute("aria-invalid", error ? "true" : "false");
    if (error) {
      error.id = error.id || newId("sayr-editor-error");
      input.setAttribute("aria-describedby", error.id);
    } else input.removeAttribute("aria-describedby");
    input.setAttribute("autocomplete", "off");
    input.dir = "auto";
    if (input instanceof HTMLTextAreaElement) input.rows = Math.min(14, Math.max(3, input.value.split("\n").length + 1));
  }

  /** The stand-in is what has the label, and what is wrong.
      @param {Input} control @param {Input} input @param {Element} row */
  bindControl(control, input, row) {
    const label = row.querySelector("label");
    if (label && !label.closest(".sayr-editor-standin")) label.htmlFor = control.id;
    for (const name of ["aria-invalid", "aria-describedby"]) {
      const value = input.getAttribute(name);
      if (value === null) control.removeAttribute(name);
      else control.setAttribute(name, value);
    }
  }

  /** @param {string[]} path @param {Field} node @returns {string} */
  nameOf(path, node) {
    if (node.title) return node.title;
    const above = this.fields.nodeAt(path.slice(0, -1));
    return `${above?.title || this.store.texts.value} ${Number(path[path.length - 1]) + 1 || ""}`.trim();
  }

  /** @param {Input} input @param {Element} inner @param {Field} node @param {string[]} path */
  tools(input, inner, node, path) {
    /** @type {HTMLElement | null} */
    let tools = inner.querySelector(":scope > .sayr-editor-tools");
    if (tools && tools.dataset.path === input.name) return;
    if (tools) tools.remove();
    const made = [];
    if (this.isTemplated(node)) made.push(this.inserter(input, node, path));
    if (this.isRemovable(path)) made.push(this.remover(path));
    if (path.length === 1 && ["json", "list", "map"].includes(node.kind)) made.push(this.toRows(path, node));
    if (!made.length) return;
    tools = h("div.sayr-editor-tools", { "data-path": input.name }, made);
    inner.append(tools);
  }

  /** @param {Field} node */
  isTemplated(node) {
    return node.template !== false && node.kind !== "" && this.previews !== null;
  }

  /** @param {Input} input @param {Field} node @param {string[]} path */
  inserter(input, node, path) {
    const { texts } = this.store;
    const title = say(texts.insert_into, { field: this.nameOf(path, node) });
    const open = () => this.store.tell("insert", { ...this.target(input, path), title });
    return button(texts.insert, open, {
      icon: "insert",
      kind: "quiet",
      title,
      "aria-label": title,
      onmousedown: (event) => event.preventDefault(),
    });
  }

  /** A text takes the value at the cursor; a choice becomes a text that holds it.
      @param {Input} input @param {string[]} path @returns {Omit<Target, "title">} */
  target(input, path) {
    if (!(input instanceof HTMLSelectElement)) return { input };
    return { put: (text) => this.fields.put(path, text) };
  }

  /** @param {string[]} path */
  isRemovable(path) {
    const above = this.fields.nodeAt(path.slice(0, -1));
    if (!above || !["fields", "parameters"].includes(above.kind) || path[path.length - 1] === "+") return false;
    if (above.kind === "fields") return true;
    const known = (this.store.choices.parameters || {})[String(this.fields.data[above.source || ""])] || [];
    return !known.some((one) => one.value === path[path.length - 1]);
  }

  /** @param {string[]} path */
  remover(path) {
    return button(this.store.texts.remove, () => this.fields.put(path, undefined), {
      icon: "cross",
      iconOnly: true,
      kind: "tool",
    });
  }

  /** @param {string[]} path @param {Field} node */
  toRows(path, node) {
    const change = () => {
      const text = String(this.fields.data[path[0]]);
      const rows = node.kind === "json" && !text.includes("{{") ? asRows(text) : [];
      if (rows) this.fields.put(path, rows);
      else this.store.tell("toast", { text: this.store.texts.no_rows });
    };
    return button(this.store.texts.as_rows, change, { kind: "quiet" });
  }

  /** @param {TextInput} input @param {Element} inner @param {HTMLElement} before */
  chips(input, inner, before) {
    /** @type {HTMLElement | null} */
    let line = inner.querySelector(":scope > .sayr-editor-chips");
    if (!line) {
      line = h("ul.sayr-editor-chips", { hidden: true, "aria-label": this.store.texts.values_in_it });
      before.before(line);
    }
    drawChips(this.store, line, input);
  }

  /** @param {Input} input @param {Element} inner @param {Field} node */
  preview(input, inner, node) {
    if (!this.previews || !this.isTemplated(node)) return;
    /** @type {HTMLOutputElement | null} */
    let shown = inner.querySelector(":scope > .sayr-editor-preview");
    if (!shown) {
      shown = h("output.sayr-editor-preview", { hidden: true, "aria-live": "polite" });
      inner.append(shown);
    }
    const text = input instanceof HTMLSelectElement ? "" : input.value;
    if (!(input instanceof HTMLSelectElement)) this.chips(input, inner, shown);
    // What each element of a list hands back reads that element.
    this.previews.of(shown, text, Boolean(node.html), input.name === "rjf§result" ? "params/result" : "");
  }
}

/** @param {Value} rows */
function asJson(rows) {
  const pairs = Array.isArray(rows) ? rows.filter(isGroup).map(({ k, v }) => [k, v]) : [];
  return JSON.stringify(Object.fromEntries(pairs), null, 2);
}

/** Only a flat group of texts and numbers can be rows.
    @param {string} text */
function asRows(text) {
  if (!text.trim()) return [];
  try {
    const value = JSON.parse(text);
    const isFlat = value && !Array.isArray(value) && typeof value === "object" && Object.values(value).every((one) => typeof one === "string");
    return isFlat ? Object.entries(value).map(([k, v]) => ({ k, v })) : null;
  } catch {
    return null;
  }
}

/** The words that a title begins with, before what stands beside them.
    @param {Element} title */
function wordsOf(title) {
  return title.firstChild?.textContent?.trim() || "";
}
