/* Under each field: what its text becomes with the last event. One question for all, when typing rests. */

import { later } from "./dom.js";

/** @import { Preview } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Server } from "./server.js" */

export class Previews {
  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
    /** @type {Map<string, Preview>} */
    this.known = new Map();
    /** @type {Map<HTMLOutputElement, {text: string, html: boolean, place: string, key: string}>} */
    this.wanted = new Map();
    this.fetch = later(350, () => this.ask());
    store.on("form", ({ redraw }) => { if (redraw) this.known.clear(); });
  }

  /** `place` is where in its step a text stands, if it reads there what the rest of the step cannot.
      @param {HTMLOutputElement} output @param {string} text @param {boolean} [html] @param {string} [place] */
  of(output, text, html = false, place = "") {
    if (!text.includes("{{") && !text.includes("{%")) {
      this.wanted.delete(output);
      output.hidden = true;
      return;
    }
    const key = `${html}:${place}:${text}`;
    const before = this.wanted.get(output);
    if (before && before.key === key) return;
    this.wanted.set(output, { text, html, place, key });
    const known = this.known.get(key);
    if (known) this.draw(output, known);
    else this.fetch();
  }

  async ask() {
    for (const output of this.wanted.keys()) if (!output.isConnected) this.wanted.delete(output);
    const missing = [...this.wanted.values()].filter(({ key }) => !this.known.has(key));
    if (!missing.length) return;
    const answer = await this.server.ask("preview", { texts: missing.map(({ text, html, place }) => ({ text, html, place })) });
    if (!answer || !answer.previews) return;
    const { previews } = answer;
    missing.forEach(({ key }, index) => this.known.set(key, previews[index]));
    for (const [output, { key }] of this.wanted) {
      const known = this.known.get(key);
      if (known) this.draw(output, known);
    }
  }

  /** @param {HTMLOutputElement} output @param {Preview} preview */
  draw(output, { text, state }) {
    const { texts } = this.store;
    const words = { real: texts.preview, made_up: texts.preview_made_up, problem: "", none: "" }[state];
    output.hidden = state === "none";
    output.className = `sayr-editor-preview sayr-editor-preview-${state}`;
    const said = words ? [Object.assign(document.createElement("b"), { textContent: `${words} ` })] : [];
    // A phone has no letters: without this it would take the direction of the page.
    const value = Object.assign(document.createElement("bdi"), { dir: "auto", textContent: text });
    output.replaceChildren(...said, value);
  }
}
