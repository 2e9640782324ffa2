/* Dragging a card to another place, in its own list or in any other. The keyboard has its own ways:
   Alt with the arrows, and “Move to …”. */

/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */

/** @typedef {{element: HTMLElement, path: string, at: number, edge: "before" | "after" | "into"}} Place */

export class Drag {
  /** @param {Store} store @param {Edits} edits @param {HTMLElement} element */
  constructor(store, edits, element) {
    this.store = store;
    this.edits = edits;
    this.element = element;
    this.part = "";
    /** @type {Place | null} */
    this.target = null;
    element.addEventListener("dragstart", (event) => this.start(event));
    element.addEventListener("dragover", (event) => this.over(event));
    element.addEventListener("drop", (event) => this.drop(event));
    element.addEventListener("dragend", () => this.end());
  }

  /** @param {DragEvent} event */
  start(event) {
    const card = around(event, "[data-drag]");
    if (!card || !event.dataTransfer) return;
    this.part = card.dataset.drag || "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    card.classList.add("sayr-editor-dragged");
  }

  /** @param {DragEvent} event */
  over(event) {
    const target = this.part ? this.targetAt(event) : null;
    this.show(target);
    if (target) event.preventDefault();
  }

  /** Before or behind the card under the pointer; at the end of the list around it.
      @param {DragEvent} event @returns {Place | null} */
  targetAt(event) {
    const card = around(event, "[data-drag]");
    if (card) {
      const part = card.dataset.drag || "";
      if (`${part}/`.startsWith(`${this.part}/`)) return null;
      const { top, height } = card.getBoundingClientRect();
      const isBehind = event.clientY > top + height / 2;
      const { path, index } = this.store.listOf(part);
      return { element: card, path, at: index + (isBehind ? 1 : 0), edge: isBehind ? "after" : "before" };
    }
    const list = around(event, "[data-into]");
    const path = list?.dataset.into || "";
    if (!list || `${path}/`.startsWith(`${this.part}/`)) return null;
    return { element: list, path, at: this.store.list(path).length, edge: "into" };
  }

  /** @param {Place | null} target */
  show(target) {
    const same = this.target && target && this.target.element === target.element && this.target.edge === target.edge;
    if (same) return;
    if (this.target) this.target.element.classList.remove("sayr-editor-drop-before", "sayr-editor-drop-after", "sayr-editor-drop-into");
    if (target) target.element.classList.add(`sayr-editor-drop-${target.edge}`);
    this.target = target;
  }

  /** @param {DragEvent} event */
  drop(event) {
    const { part, target } = this;
    if (!part || !target) return;
    event.preventDefault();
    this.end();
    this.edits.moveTo(part, target.path, target.at);
  }

  end() {
    this.show(null);
    this.part = "";
    const dragged = this.element.querySelector(".sayr-editor-dragged");
    if (dragged) dragged.classList.remove("sayr-editor-dragged");
  }
}

/** @param {DragEvent} event @param {string} selector @returns {HTMLElement | null} */
function around({ target }, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}
