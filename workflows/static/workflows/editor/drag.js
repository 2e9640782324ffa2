/* Dragging a card to another place, in its own list or in any other. The keyboard has its own ways:
   Alt with the arrows, and “Move to …”. */

export class Drag {
  constructor(store, edits, element) {
    Object.assign(this, { store, edits, element, part: "", target: null });
    element.addEventListener("dragstart", (event) => this.start(event));
    element.addEventListener("dragover", (event) => this.over(event));
    element.addEventListener("drop", (event) => this.drop(event));
    element.addEventListener("dragend", () => this.end());
  }

  start(event) {
    const card = event.target.closest && event.target.closest("[data-drag]");
    if (!card) return;
    this.part = card.dataset.drag;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    card.classList.add("we-dragged");
  }

  over(event) {
    const target = this.part && this.targetAt(event);
    this.show(target);
    if (target) event.preventDefault();
  }

  /* Before or behind the card under the pointer; at the end of the list around it. */
  targetAt(event) {
    const card = event.target.closest("[data-drag]");
    if (card) {
      const part = card.dataset.drag;
      if (`${part}/`.startsWith(`${this.part}/`)) return null;
      const { top, height } = card.getBoundingClientRect();
      const isBehind = event.clientY > top + height / 2;
      const { path, index } = this.store.listOf(part);
      return { element: card, path, at: index + (isBehind ? 1 : 0), edge: isBehind ? "after" : "before" };
    }
    const list = event.target.closest("[data-into]");
    if (!list || `${list.dataset.into}/`.startsWith(`${this.part}/`)) return null;
    const path = list.dataset.into;
    return { element: list, path, at: this.store.get(path).length, edge: "into" };
  }

  show(target) {
    const same = this.target && target && this.target.element === target.element && this.target.edge === target.edge;
    if (same) return;
    if (this.target) this.target.element.classList.remove("we-drop-before", "we-drop-after", "we-drop-into");
    if (target) target.element.classList.add(`we-drop-${target.edge}`);
    this.target = target;
  }

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
    const dragged = this.element.querySelector(".we-dragged");
    if (dragged) dragged.classList.remove("we-dragged");
  }
}
