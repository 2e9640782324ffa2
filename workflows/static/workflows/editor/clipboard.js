/* Copy, cut and paste of steps, within a workflow and between workflows. What is copied is the JSON
   that documents are written in; the browser keeps it too, for pages that may not read the clipboard. */

import { isStep } from "./blocks.js";
import { say } from "./dom.js";

/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */
/** @import { Server } from "./server.js" */

const KEY = "sayr-copied-steps";

export class Clipboard {
  /** @param {Store} store @param {Server} server @param {Edits} edits */
  constructor(store, server, edits) {
    this.store = store;
    this.server = server;
    this.edits = edits;
    document.addEventListener("paste", (event) => this.pasted(event));
    window.addEventListener("storage", ({ key }) => { if (key === KEY) store.tell("values"); });
  }

  get isFull() {
    try {
      return Boolean(localStorage.getItem(KEY));
    } catch {
      return false;
    }
  }

  /** @param {string[]} parts */
  async copy(parts) {
    const { texts } = this.store;
    const answer = await this.server.ask("copy", { form: null, steps: parts.map((part) => this.store.get(part)) });
    if (!answer || !answer.text) return false;
    this.keep(answer.text);
    this.store.tell("values");
    this.store.tell("toast", { text: texts.copied });
    return true;
  }

  /** @param {string[]} parts */
  async cut(parts) {
    const steps = parts.map((part) => this.store.get(part));
    if (!(await this.copy(parts)) || parts.some((part, at) => this.store.get(part) !== steps[at])) return;
    this.edits.take(parts);
    this.store.tell("toast", { text: this.store.texts.cut_done, undo: () => this.store.tell("undo") });
  }

  /** @param {string} text */
  keep(text) {
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // Then only the clipboard has it.
    }
    /** @param {ClipboardEvent} event */
    const put = (event) => {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    };
    // Works on pages without encryption too, where navigator.clipboard is not there.
    document.addEventListener("copy", put, { once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", put);
  }

  /** @param {string} part */
  pasteAfter(part) {
    const { path, index } = this.store.listOf(part);
    return this.paste(path, index + 1);
  }

  /** @param {string} path @param {number} [at] */
  paste(path, at = this.store.list(path).length) {
    return this.put(localStorage.getItem(KEY) || "", path, at);
  }

  /** The browser's own paste, while a card has the focus.
      @param {ClipboardEvent} event */
  pasted(event) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const card = focused && focused.closest(".sayr-editor-flow");
    const text = event.clipboardData && event.clipboardData.getData("text/plain");
    if (!card || !text) return;
    event.preventDefault();
    const { part } = focused.dataset;
    const { path, index } = part && isStep(this.store.get(part)) ? this.store.listOf(part) : { path: "steps", index: this.store.form.steps.length - 1 };
    this.put(text, path, index + 1);
  }

  /** @param {string} text @param {string} path @param {number} at */
  async put(text, path, at) {
    const { texts } = this.store;
    const answer = await this.server.ask("paste", { form: null, text });
    if (!answer) return;
    if (answer.error || !answer.steps.length) {
      this.store.tell("toast", { text: answer.error || texts.nothing_copied });
      return;
    }
    const steps = this.edits.renamed(answer.steps);
    if (!this.edits.insert(steps, path, at)) return;
    const said = say(texts.pasted, { count: steps.length });
    const missing = answer.missing.length ? ` ${texts.pasted_missing} ${answer.missing.join(" ")}` : "";
    this.store.tell("toast", { text: said + missing, undo: () => this.store.tell("undo"), long: Boolean(missing) });
  }
}
