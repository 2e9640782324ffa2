/* “Move to …”: every list of the workflow, to choose from with the keyboard. */

import { holdsBlocks, isShown, isStep } from "./blocks.js";
import { button, h } from "./dom.js";
import { stepTitle } from "./names.js";

/** @import { Block, Field, Group, Value } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */

/** @typedef {{path: string, title: string, depth: number}} Place a list of steps */

export class Places {
  /** @param {Store} store @param {Edits} edits */
  constructor(store, edits) {
    this.store = store;
    this.edits = edits;
    this.element = h("dialog.sayr-editor-picker", { "aria-label": store.texts.move_to });
  }

  /** @param {string} part */
  open(part) {
    const { texts } = this.store;
    /** @param {string} path */
    const pick = (path) => {
      this.element.close();
      this.edits.moveTo(part, path, this.store.list(path).length);
    };
    const lists = [...this.lists("steps", texts.main_line, 0), ...this.lists("on_failure", texts.if_workflow_fails, 0)];
    const rows = lists.map(({ path, title, depth }) => {
      const isOwn = `${path}/`.startsWith(`${part}/`);
      const choose = button(title, () => pick(path), { kind: "pick", disabled: isOwn, "data-path": path });
      return h(`li.sayr-editor-depth-${depth}`, {}, choose);
    });
    const close = button(texts.close, () => this.element.close(), { icon: "cross", iconOnly: true, kind: "tool" });
    const head = h("div.sayr-editor-picker-head", {}, h("h2", {}, texts.move_to_end), close);
    this.element.replaceChildren(head, h("ul.sayr-editor-picker-list.sayr-editor-place-list", {}, rows));
    this.element.showModal();
  }

  /** @param {string} path @param {string} title @param {number} depth @returns {Place[]} */
  lists(path, title, depth) {
    const inside = (this.store.list(path) || []).flatMap((step, index) => this.inside(step, `${path}/${index}`, depth + 1));
    return [{ path, title, depth }, ...inside];
  }

  /** @param {Value} step @param {string} part @param {number} depth @returns {Place[]} */
  inside(step, part, depth) {
    if (!isStep(step)) return [];
    const action = this.store.choices.actions[step.action];
    const name = stepTitle(step, action);
    const found = this.members(action && action.node, step.params, `${part}/params`, name, depth);
    const after = typeof step.on_error === "object" ? this.lists(`${part}/on_error/steps`, `${name}: ${this.store.texts.if_it_fails}`, depth) : [];
    return [...found, ...after];
  }

  /** @param {Field | undefined} node
      @param {Group} form
      @param {string} path
      @param {string} name
      @param {number} depth
      @returns {Place[]} */
  members(node, form, path, name, depth) {
    return Object.entries((node && node.members) || {}).flatMap(([key, member]) => {
      const data = form && form[key];
      if (!Array.isArray(data) || !(isShown(member, form) || data.length)) return [];
      if (member.kind === "steps") return this.lists(`${path}/${key}`, `${name}: ${member.title}`, depth);
      if (!holdsBlocks(member)) return [];
      const blocks = /** @type {Block[]} */ (data);
      return blocks.flatMap((block, index) => {
        const title = block.label || block.name || `${member.one || member.title} ${index + 1}`;
        return this.lists(`${path}/${key}/${index}/steps`, `${name}: ${title}`, depth);
      });
    });
  }
}
