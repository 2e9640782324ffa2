/* Undo and redo: the form as it was, as text. Letters typed in a row are one change. */

import { button, h } from "./dom.js";

/** @import { Store } from "./store.js" */

const MOST = 100;
const PAUSE = 900; // milliseconds after which typing counts as another change

/** @typedef {{text: string, part: string}} Entry */

export class History {
  /** @param {Store} store @param {HTMLElement} root */
  constructor(store, root) {
    this.store = store;
    /** @type {Entry[]} */
    this.past = [];
    /** @type {Entry[]} */
    this.future = [];
    this.part = ""; // which was chosen at the last change
    this.time = 0;
    this.wasWhole = false;
    this.restoring = false;
    this.now = JSON.stringify(store.form);
    const { texts } = store;
    this.back = button(texts.undo, () => this.undo(), { icon: "undo", iconOnly: true, kind: "tool", "data-do": "undo", "aria-keyshortcuts": "Control+Z" });
    this.forth = button(texts.redo, () => this.redo(), { icon: "redo", iconOnly: true, kind: "tool", "data-do": "redo", "aria-keyshortcuts": "Control+Shift+Z" });
    this.element = h("div.sayr-editor-history", {}, this.back, this.forth);
    store.on("form", ({ redraw }) => this.note(Boolean(redraw)));
    store.on("undo", () => this.undo());
    document.addEventListener("keydown", (event) => this.key(event, root));
    this.show();
  }

  /** @param {boolean} isWhole */
  note(isWhole) {
    const { value } = this.store.source;
    if (this.restoring || value === this.now) return;
    const time = performance.now();
    const goesOn = !isWhole && !this.wasWhole && this.part === this.store.part && time - this.time < PAUSE;
    if (!goesOn) this.past.push({ text: this.now, part: this.part || this.store.part });
    if (this.past.length > MOST) this.past.shift();
    Object.assign(this, { now: value, future: [], time, part: this.store.part, wasWhole: isWhole });
    this.show();
  }

  undo() {
    this.go(this.past, this.future);
  }

  redo() {
    this.go(this.future, this.past);
  }

  /** @param {Entry[]} from @param {Entry[]} to */
  go(from, to) {
    const entry = from.pop();
    if (!entry) return;
    const { store } = this;
    to.push({ text: this.now, part: store.part });
    this.restoring = true;
    store.form = JSON.parse(entry.text);
    store.part = [entry.part, store.part].find((part) => store.get(part)) || "trigger";
    store.changed({ redraw: true });
    store.tell("part");
    this.restoring = false;
    Object.assign(this, { now: store.source.value, part: store.part, wasWhole: true });
    this.show();
  }

  show() {
    this.back.disabled = !this.past.length;
    this.forth.disabled = !this.future.length;
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} root */
  key(event, root) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    const isOurs = target === document.body || (root.contains(target) && !target.closest(".sayr-editor-raw, dialog, .sayr-editor-values"));
    const key = event.key.toLowerCase();
    if (!isOurs || !["z", "y"].includes(key)) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) this.redo();
    else this.undo();
  }
}
