/* A colleague published meanwhile: both sides, place by place, and a choice. */

import { button, fieldOfPage, h, say } from "./dom.js";

/** @import { ConflictSaid } from "../../types" */
/** @import { Store } from "./store.js" */

export class Conflict {
  /** @param {Store} store @param {() => void} isAsStored called when the colleague's side is taken */
  constructor(store, isAsStored) {
    this.store = store;
    this.isAsStored = isAsStored;
    this.element = h("section.sayr-editor-conflict", { hidden: true, tabindex: "-1" });
    if (store.config.conflict) this.draw(store.config.conflict);
  }

  /** @param {ConflictSaid} conflict */
  draw(conflict) {
    const { texts } = this.store;
    const { who, when, version, note, differences, is_draft } = conflict;
    const lines = [
      h("h3", {}, say(is_draft ? texts.conflict_draft : texts.conflict, { who, when, version })),
      note ? h("p", {}, say(texts.conflict_note, { note })) : "",
      h("p.sayr-editor-help", {}, texts.conflict_help),
      differences.length ? this.table(differences) : h("p", {}, texts.conflict_same),
      h("div.sayr-editor-conflict-tools", {}, button(texts.use_mine, () => this.choose("mine", conflict), { kind: "primary", "data-side": "mine" }), button(texts.use_theirs, () => this.choose("theirs", conflict), { "data-side": "theirs" })),
    ];
    this.element.replaceChildren(...lines);
    this.element.hidden = false;
  }

  /** @param {ConflictSaid["differences"]} differences */
  table(differences) {
    const { texts } = this.store;
    /** @param {string} text */
    const side = (text) => h("td", {}, text ? h("bdi", {}, text) : h("span.sayr-editor-help", {}, texts.nothing_there));
    const rows = differences.map((one) => h("tr", {}, h("th", { scope: "row" }, one.place), side(one.mine), side(one.theirs)));
    const head = h("tr", {}, h("td"), h("th", { scope: "col" }, texts.mine), h("th", { scope: "col" }, texts.theirs));
    return h("table.sayr-editor-table", {}, h("thead", {}, head), h("tbody", {}, rows));
  }

  /** @param {"mine" | "theirs"} side @param {ConflictSaid} conflict */
  choose(side, conflict) {
    const { texts } = this.store;
    const seen = fieldOfPage("version_seen");
    if (seen) seen.value = String(conflict.version);
    const draft = fieldOfPage("draft_seen");
    if (draft) draft.value = conflict.draft;
    if (side === "theirs") {
      this.store.replace(conflict.theirs);
      this.isAsStored();
    }
    this.element.replaceChildren(h("p", { role: "status" }, side === "mine" ? texts.mine_chosen : texts.theirs_chosen));
  }
}
