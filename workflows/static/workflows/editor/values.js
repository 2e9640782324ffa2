/* The panel “Insert a value”: everything that can stand in {{ }}, each with a real example. */

import { readableAt } from "./blocks.js";
import { button, h, walk } from "./dom.js";

/** @import { Input, Target, TextInput, ValueGroup, ValueItem } from "../../types" */
/** @import { Store } from "./store.js" */

const GAP = 6; // pixels between the field and the panel

export class ValuesPanel {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Target | null} */
    this.target = null;
    /** @type {HTMLElement | null} */
    this.back = null;
    /** What is written into it is kept when the panel is drawn anew. */
    this.search = h("input");
    this.list = h("div");
    this.none = h("p");
    this.element = h("aside.sayr-editor-values", { hidden: true, role: "dialog", "aria-modal": "false" });
    // Wherever the caret is: after a value was inserted, it is back in the field.
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.element.hidden) this.close();
    });
    store.on("insert", (target) => this.open(target));
    store.on("part", () => this.close(false));
    store.on("values", () => this.draw());
  }

  /** @param {Target} target */
  open(target) {
    this.target = target;
    this.back = target.input || /** @type {HTMLElement | null} */ (document.activeElement);
    this.element.setAttribute("aria-label", target.title);
    this.draw();
    this.element.hidden = false;
    this.place();
    this.search.focus();
  }

  /* Below the field that is being filled, or above it where there is more room; it scrolls with it. */
  place() {
    const root = this.element.parentElement;
    if (!root || !this.back) return;
    const [field, around] = [this.back.getBoundingClientRect(), root.getBoundingClientRect()];
    const isAbove = window.innerHeight - field.bottom < 320 && field.top > window.innerHeight - field.bottom;
    const top = isAbove ? field.top - this.element.offsetHeight - GAP : field.bottom + GAP;
    const isRtl = getComputedStyle(root).direction === "rtl";
    const start = isRtl ? around.right - field.right : field.left - around.left;
    const most = Math.max(0, around.width - this.element.offsetWidth);
    this.element.style.insetBlockStart = `${Math.round(top - around.top)}px`;
    this.element.style.insetInlineStart = `${Math.round(Math.min(Math.max(0, start), most))}px`;
  }

  /** @param {boolean} [focus] */
  close(focus = true) {
    this.element.hidden = true;
    if (focus && this.back && this.back.isConnected) this.back.focus();
    this.target = null;
  }

  draw() {
    if (!this.target) return;
    const { texts } = this.store;
    const before = this.search.value;
    this.search = h("input.sayr-editor-search", { type: "search", placeholder: texts.insert_search, "aria-label": texts.insert_search });
    this.search.value = before;
    this.search.addEventListener("input", () => this.filter());
    this.search.addEventListener("keydown", (event) => walk(event, this.list));
    this.list = h("div.sayr-editor-values-list", {}, this.groups());
    this.list.addEventListener("keydown", (event) => walk(event, this.list));
    const head = h("div.sayr-editor-values-head", {}, h("h3", {}, this.target.title), button(texts.close, () => this.close(), { icon: "cross", iconOnly: true, kind: "tool" }));
    this.none = h("p.sayr-editor-help", { hidden: true }, texts.insert_none);
    this.element.replaceChildren(head, this.search, this.none, this.list);
    this.filter();
  }

  groups() {
    return reachable(this.store).map((group) => {
      const made = group.real === false ? h("p.sayr-editor-help", {}, this.store.texts.made_up) : "";
      return h("section", {}, h("h4", {}, group.title), made, h("ul", {}, group.items.map((item) => this.item(item))));
    });
  }

  /** @param {ValueItem} item */
  item(item) {
    const example = h("span.sayr-editor-example", { title: item.example }, h("bdi", {}, item.example));
    const insert = h(
      "button.sayr-editor-value",
      { type: "button", "data-path": item.path, onclick: () => this.insert(item) },
      h("span.sayr-editor-value-name", {}, item.label),
      example,
    );
    insert.addEventListener("mousedown", (event) => event.preventDefault());
    return h("li", { "data-words": `${item.label} ${item.path}`.toLowerCase() }, insert);
  }

  filter() {
    const wanted = this.search.value.trim().toLowerCase();
    const sections = [...this.list.querySelectorAll("section")];
    for (const section of sections) {
      const items = [...section.querySelectorAll("li")];
      items.forEach((item) => { item.hidden = !item.dataset.words?.includes(wanted); });
      section.hidden = items.every((item) => item.hidden);
    }
    this.none.hidden = sections.some((section) => !section.hidden);
  }

  /** @param {ValueItem} item */
  insert(item) {
    if (!this.target) return;
    const { input, put } = this.target;
    const text = `{{ ${item.path} }}`;
    if (put) {
      put(text);
      this.close(false);
    } else if (input) insertAt(input, text);
  }
}

/** The groups that the chosen part can read: of steps only those before it.
    @param {Store} store */
export function reachable(store) {
  const seen = readableAt(store, store.part);
  return store.groups.flatMap((group) => {
    if (group.root === "steps") return seen.earlier.has(group.step || "") ? [group] : [];
    if (group.root === "reminder") return seen.reminding.has(group.step || "") ? [group] : [];
    if (group.root === "error") return seen.afterError ? [group] : [];
    if (group.root !== "item") return [group];
    const level = seen.loops.indexOf(group.step || "");
    return level < 0 ? [] : [outer(group, level)];
  });
}

/** The element of a list further out: outer.item, outer.outer.item.
    @param {ValueGroup} group @param {number} level */
function outer(group, level) {
  if (!level) return group;
  const items = group.items.map((item) => ({ ...item, path: `${"outer.".repeat(level)}${item.path}` }));
  return { ...group, items };
}

/** React listens to the browser's own setter only.
    @param {TextInput} input @param {string} text */
export function insertAt(input, text) {
  const { value } = input;
  const start = input.selectionStart ?? value.length;
  const end = input.selectionEnd ?? start;
  type(input, value.slice(0, start) + text + value.slice(end));
  input.focus();
  input.setSelectionRange(start + text.length, start + text.length);
}

/** @param {Input} input @param {string} value */
export function type(input, value) {
  const kind = input.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value")?.set?.call(input, value);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
