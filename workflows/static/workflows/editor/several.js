/* Several steps chosen at once, to copy, cut or delete them together: with check boxes on the cards,
   with Shift and a click, or with Shift and an arrow key. */

import { isStep } from "./blocks.js";
import { button, h, say } from "./dom.js";

/** @import { Value } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */
/** @import { Clipboard } from "./clipboard.js" */

export class Several {
  /** @param {Store} store @param {Edits} edits @param {Clipboard} clipboard @param {() => void} draw */
  constructor(store, edits, clipboard, draw) {
    this.store = store;
    this.edits = edits;
    this.clipboard = clipboard;
    this.draw = draw;
    /** @type {Set<string> | null} */
    this.marks = null; // of the chosen steps; null while nobody chooses
    this.last = ""; // the mark of the step that was chosen last: a row begins there
  }

  get isOn() {
    return this.marks !== null;
  }

  turn() {
    this.marks = this.isOn ? null : new Set();
    this.last = "";
    this.draw();
  }

  /** @param {string} part */
  toggle(part) {
    const uid = this.store.keyOf(part);
    this.marks = this.marks || new Set();
    if (!this.marks.delete(uid)) this.marks.add(uid);
    this.last = uid;
    this.draw();
  }

  /** Chooses a step, and all between it and the one that was chosen last if they lie in one list.
      @param {string} part */
  reach(part) {
    const { list, index } = this.store.listOf(part);
    const from = list.findIndex(({ uid }) => uid === (this.last || this.store.keyOf(this.store.part)));
    const ends = from < 0 ? [index, index] : [Math.min(from, index), Math.max(from, index)];
    this.marks = new Set([...(this.marks || []), ...list.slice(ends[0], ends[1] + 1).map(({ uid }) => uid || "")]);
    this.last = this.store.keyOf(part);
    this.draw();
  }

  /* Where the chosen steps lie, in their order. What lies inside a chosen one comes along with it. */
  parts() {
    /** @type {string[]} */
    const found = [];
    const { marks } = this;
    /** @param {Value} value @param {string} path */
    const walk = (value, path) => {
      if (!value || typeof value !== "object") return;
      if (isStep(value) && marks?.has(value.uid || "")) found.push(path);
      else for (const [key, inner] of Object.entries(value)) walk(inner, `${path}/${key}`);
    };
    if (this.isOn) for (const path of ["steps", "on_failure"]) walk(this.store.get(path), path);
    return found;
  }

  /** The chosen steps, or the one at `part` while none is chosen.
      @param {string} part */
  orOnly(part) {
    const parts = this.parts();
    return parts.length ? parts : [part];
  }

  async copy() {
    if (await this.clipboard.copy(this.parts())) this.turn();
  }

  cut() {
    return this.clipboard.cut(this.parts());
  }

  remove() {
    this.edits.remove(this.parts());
  }

  /** @param {string} part @param {string} title */
  box(part, title) {
    if (!this.isOn) return "";
    const uid = this.store.keyOf(part);
    const { texts } = this.store;
    return h("input.sayr-editor-choose", { type: "checkbox", checked: Boolean(this.marks?.has(uid)), onchange: () => this.toggle(part), "aria-label": say(texts.choose_step, { name: title }), "data-choose": part, "data-focus": `choose ${uid}` });
  }

  /* What is done with them; while nobody chooses, the way to begin. */
  bar() {
    const { texts } = this.store;
    /** @param {string} name
        @param {string} label
        @param {() => unknown} action
        @param {string} [kind]
        @param {boolean} [disabled] */
    const tool = (name, label, action, kind = "plain", disabled = false) =>
      button(label, action, { kind, disabled, "data-do": name, "data-focus": name });
    if (!this.isOn) return h("div.sayr-editor-several", {}, button(texts.choose_several, () => this.turn(), { icon: "check", kind: "quiet", "data-do": "several", "data-focus": "several", title: texts.choose_several_help }));
    const count = this.parts().length;
    return h(
      "div.sayr-editor-several",
      { role: "group", "aria-label": texts.choose_several },
      h("span", { role: "status" }, say(texts.chosen_count, { count })),
      tool("several-copy", texts.copy, () => this.copy(), "primary", !count),
      tool("several-cut", texts.cut, () => this.cut(), "plain", !count),
      tool("several-delete", texts.delete, () => this.remove(), "plain", !count),
      tool("several", texts.choose_end, () => this.turn(), "quiet"),
    );
  }
}
