/* “What should happen?”: the actions, with icon, name and description, searchable. */

import { button, h, icon, walk } from "./dom.js";

/** @import { Action } from "../../types" */
/** @import { Store } from "./store.js" */

export class Picker {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.element = h("dialog.sayr-editor-picker", { "aria-label": store.texts.pick_title });
  }

  /** Calls `done` with the name of the chosen action. `fits` leaves some out.
      @param {(name: string) => void} done @param {((action: Action) => boolean) | null} [fits] */
  open(done, fits = null) {
    const { texts, choices } = this.store;
    const search = h("input.sayr-editor-search", { type: "search", placeholder: texts.pick_search, "aria-label": texts.pick_search });
    /** @param {string} name */
    const pick = (name) => {
      this.element.close();
      done(name);
    };
    const offered = inOrder(choices.actions).filter(([, action]) => !fits || fits(action));
    /** @param {string} title @param {boolean} steers */
    const group = (title, steers) => {
      const cards = offered.filter(([, action]) => Boolean(action.steers) === steers).map(([name, action]) => card(name, action, pick));
      return { cards, element: h("section", {}, h("h3", {}, title), h("ul.sayr-editor-picker-list", {}, cards)) };
    };
    const groups = [group(texts.pick_actions, false), group(texts.pick_steering, true)].filter((one) => one.cards.length);
    const cards = groups.flatMap((one) => one.cards);
    const none = h("p.sayr-editor-help", { hidden: true }, texts.pick_none);
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      cards.forEach((one) => { one.hidden = !one.textContent.toLowerCase().includes(wanted); });
      groups.forEach((one) => { one.element.hidden = one.cards.every((shown) => shown.hidden); });
      none.hidden = cards.some((one) => !one.hidden);
    });
    this.element.onkeydown = (event) => walk(event, this.element, ".sayr-editor-pick");
    search.addEventListener("keydown", (event) => {
      const first = cards.find((one) => !one.hidden);
      if (event.key === "Enter" && first) first.querySelector("button")?.click();
    });
    const close = button(texts.close, () => this.element.close(), { icon: "cross", iconOnly: true, kind: "tool" });
    const head = h("div.sayr-editor-picker-head", {}, h("h2", {}, texts.pick_title), close);
    this.element.replaceChildren(head, search, none, ...groups.map((one) => one.element));
    this.element.showModal();
    search.focus();
  }
}

/** What this company uses most comes first; the rest in the order that the server gives.
    @param {Record<string, Action>} actions */
export function inOrder(actions) {
  return Object.entries(actions).sort(([, one], [, other]) => other.uses - one.uses || one.order - other.order);
}

/** @param {string} name @param {Action} action @param {(name: string) => void} pick */
function card(name, action, pick) {
  const words = h("span.sayr-editor-pick-words", {}, h("b", {}, action.label), h("span", {}, action.description));
  const choose = h("button.sayr-editor-pick", { type: "button", "data-action": name, onclick: () => pick(name) }, icon(action.icon), words);
  return h("li", {}, choose);
}
