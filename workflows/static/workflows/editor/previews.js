/* Under each field: what its text becomes with the last event. One question for all, when typing rests. */

import { later } from "./dom.js";

export class Previews {
  constructor(store, server) {
    this.store = store;
    this.server = server;
    this.known = new Map();
    this.wanted = new Map(); // output element: {text, html}
    this.fetch = later(350, () => this.ask());
    store.on("form", ({ redraw }) => redraw && this.known.clear());
  }

  of(output, text, html = false) {
    if (!text.includes("{{") && !text.includes("{%")) {
      this.wanted.delete(output);
      output.hidden = true;
      return;
    }
    const key = `${html}:${text}`;
    const before = this.wanted.get(output);
    if (before && before.key === key) return;
    this.wanted.set(output, { text, html, key });
    if (this.known.has(key)) this.draw(output, this.known.get(key));
    else this.fetch();
  }

  async ask() {
    for (const output of this.wanted.keys()) if (!output.isConnected) this.wanted.delete(output);
    const missing = [...this.wanted.values()].filter(({ key }) => !this.known.has(key));
    if (!missing.length) return;
    const answer = await this.server.ask("preview", { texts: missing.map(({ text, html }) => ({ text, html })) });
    if (!answer || !answer.previews) return;
    missing.forEach(({ key }, index) => this.known.set(key, answer.previews[index]));
    for (const [output, { key }] of this.wanted) {
      if (this.known.get(key)) this.draw(output, this.known.get(key));
    }
  }

  draw(output, { text, state }) {
    const { texts } = this.store;
    const words = { real: texts.preview, made_up: texts.preview_made_up, problem: "" }[state];
    output.hidden = state === "none";
    output.className = `we-preview we-preview-${state}`;
    const said = words ? [Object.assign(document.createElement("b"), { textContent: `${words} ` })] : [];
    const value = document.createElement("bdi");
    value.textContent = text;
    output.replaceChildren(...said, value);
  }
}
