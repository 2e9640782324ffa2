/* The message that a step sends, as its reader gets it, and the way to its page. */

import { h, later } from "./dom.js";

/** @import { Store } from "./store.js" */
/** @import { Server } from "./server.js" */

export class StepMessage {
  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
    this.element = h("div.sayr-editor-message", { hidden: true });
    this.fetch = later(400, () => this.ask());
    store.on("form", () => { if (this.element.isConnected) this.fetch(); });
  }

  async ask() {
    const { part, texts } = this.store;
    const step = this.store.find(part);
    const params = step?.params;
    if (!params || typeof params !== "object" || Array.isArray(params) || !params.template) {
      this.element.hidden = true;
      return;
    }
    const answer = await this.server.ask("message");
    if (!answer || part !== this.store.part) return;
    const { url, name = "", bubble, subject = "", text = "" } = answer;
    this.element.hidden = !url;
    if (!url) return;
    const link = h("a", { href: url, target: "_blank", rel: "noopener" }, `${texts.open_message}: `, h("bdi", {}, name));
    const shown = h("div.sayr-editor-message-shown");
    // Drawn, and escaped, by the server; a document of its own runs no script while it is read.
    if (bubble) shown.append(...new DOMParser().parseFromString(bubble, "text/html").body.childNodes);
    else shown.append(h("b", { dir: "auto" }, subject), h("div.sayr-editor-message-text", { dir: "auto" }, text));
    this.element.replaceChildren(h("p", {}, link), shown);
  }
}
