/* Several steps chosen at once, to copy, cut or delete them together: with check boxes on the cards,
   with Shift and a click, or with Shift and an arrow key. */

import { isStep } from "./blocks.js";
import { button, h, say } from "./dom.js";

export class Several {
  constructor(store, edits, clipboard, draw) {
    Object.assign(this, { store, edits, clipboard, draw });
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

  toggle(part) {
    const { uid } = this.store.get(part);
    this.marks = this.marks || new Set();
    if (!this.marks.delete(uid)) this.marks.add(uid);
    this.last = uid;
    this.draw();
  }

  /* Chooses a step, and all between it and the one that was chosen last if they lie in one list. */
  reach(part) {
    const { list, index } = this.store.listOf(part);
    const from = list.findIndex(({ uid }) => uid === (this.last || this.store.keyOf(this.store.part)));
    const ends = from < 0 ? [index, index] : [Math.min(from, index), Math.max(from, index)];
    this.marks = new Set([...(this.marks || []), ...list.slice(ends[0], ends[1] + 1).map(({ uid }) => uid)]);
    this.last = list[index].uid;
    this.draw();
  }

  /* Where the chosen steps lie, in their order. What lies inside a chosen one comes along with it. */
  parts() {
    const found = [];
    const walk = (value, path) => {
      if (!value || typeof value !== "object") return;
      if (isStep(value) && this.marks.has(value.uid)) found.push(path);
      else for (const [key, inner] of Object.entries(value)) walk(inner, `${path}/${key}`);
    };
    if (this.isOn) for (const path of ["steps", "on_failure"]) walk(this.store.get(path), path);
    return found;
  }

  /* The chosen steps, or the one at `part` while none is chosen. */
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

  box(part, title) {
    if (!this.isOn) return "";
    const { uid } = this.store.get(part);
    const { texts } = this.store;
    return h("input.we-choose", { type: "checkbox", checked: this.marks.has(uid), onchange: () => this.toggle(part), "aria-label": say(texts.choose_step, { name: title }), "data-choose": part, "data-focus": `choose ${uid}` });
  }

  /* What is done with them; while nobody chooses, the way to begin. */
  bar() {
    const { texts } = this.store;
    const tool = (name, label, action, kind = "plain", disabled = false) =>
      button(label, action, { kind, disabled, "data-do": name, "data-focus": name });
    if (!this.isOn) return h("div.we-several", {}, button(texts.choose_several, () => this.turn(), { icon: "check", kind: "quiet", "data-do": "several", "data-focus": "several", title: texts.choose_several_help }));
    const count = this.parts().length;
    return h(
      "div.we-several",
      { role: "group", "aria-label": texts.choose_several },
      h("span", { role: "status" }, say(texts.chosen_count, { count })),
      tool("several-copy", texts.copy, () => this.copy(), "primary", !count),
      tool("several-cut", texts.cut, () => this.cut(), "plain", !count),
      tool("several-delete", texts.delete, () => this.remove(), "plain", !count),
      tool("several", texts.choose_end, () => this.turn(), "quiet"),
    );
  }
}
