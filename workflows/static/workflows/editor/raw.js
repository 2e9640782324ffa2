/* The document as JSON, for experts: shown as it stands, taken over when asked. */

import { button, h, newId, say } from "./dom.js";

/** @import { Store } from "./store.js" */
/** @import { Server } from "./server.js" */

export class Raw {
  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
    this.area = h("textarea.sayr-editor-json", { rows: "28", dir: "ltr", spellcheck: "false", id: newId() });
    this.said = h("p.sayr-editor-error", { hidden: true, role: "alert" });
    const apply = button(store.texts.json_apply, () => this.apply(), { kind: "primary" });
    const help = h("p.sayr-editor-help", {}, store.texts.json_help);
    this.area.setAttribute("aria-label", store.texts.json_tab);
    this.element = h("div.sayr-editor-raw", { hidden: true, id: "sayr-editor-panel-json", role: "tabpanel", "aria-label": store.texts.json_tab }, help, this.area, this.said, h("div", {}, apply));
  }

  async open() {
    this.said.hidden = true;
    const before = this.store.text;
    this.area.value = before;
    const answer = await this.server.ask("check");
    if (!answer) return;
    this.store.learn(answer);
    // Whoever has begun to write keeps what is written.
    if (this.area.value === before) this.area.value = this.store.text;
  }

  async apply() {
    const answer = await this.server.ask("check", { text: this.area.value });
    if (!answer) return false;
    if (answer.error) {
      this.said.textContent = say(this.store.texts.json_bad, { reason: answer.error });
      this.said.hidden = false;
      return false;
    }
    this.said.hidden = true;
    this.store.showsAll = true;
    if (answer.form) this.store.replace(answer.form);
    this.store.learn(answer);
    this.store.tell("applied");
    return true;
  }
}
