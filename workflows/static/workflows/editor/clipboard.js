/* Copy, cut and paste of steps, within a workflow and between workflows. What is copied is the JSON
   that documents are written in; the browser keeps it too, for pages that may not read the clipboard. */

import { say } from "./dom.js";

const KEY = "sayr-copied-steps";

export class Clipboard {
  constructor(store, server, edits) {
    Object.assign(this, { store, server, edits });
    document.addEventListener("paste", (event) => this.pasted(event));
    window.addEventListener("storage", ({ key }) => key === KEY && store.tell("values"));
  }

  get isFull() {
    try {
      return Boolean(localStorage.getItem(KEY));
    } catch {
      return false;
    }
  }

  async copy(parts) {
    const { texts } = this.store;
    const answer = await this.server.ask("copy", { form: null, steps: parts.map((part) => this.store.get(part)) });
    if (!answer || !answer.text) return false;
    this.keep(answer.text);
    this.store.tell("values");
    this.store.tell("toast", { text: texts.copied });
    return true;
  }

  async cut(parts) {
    const steps = parts.map((part) => this.store.get(part));
    if (!(await this.copy(parts)) || parts.some((part, at) => this.store.get(part) !== steps[at])) return;
    this.edits.take(parts);
    this.store.tell("toast", { text: this.store.texts.cut_done, undo: () => this.store.tell("undo") });
  }

  keep(text) {
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // Then only the clipboard has it.
    }
    const put = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    // Works on pages without encryption too, where navigator.clipboard is not there.
    document.addEventListener("copy", put, { once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", put);
  }

  pasteAfter(part) {
    const { path, index } = this.store.listOf(part);
    return this.paste(path, index + 1);
  }

  paste(path, at = this.store.get(path).length) {
    return this.put(localStorage.getItem(KEY) || "", path, at);
  }

  /* The browser's own paste, while a card has the focus. */
  pasted(event) {
    const card = document.activeElement && document.activeElement.closest(".we-flow");
    const text = event.clipboardData && event.clipboardData.getData("text/plain");
    if (!card || !text) return;
    event.preventDefault();
    const { part } = document.activeElement.dataset;
    const isStepCard = part && /^(steps|on_failure)\b/.test(part) && this.store.get(part) && "params" in this.store.get(part);
    const { path, index } = isStepCard ? this.store.listOf(part) : { path: "steps", index: this.store.form.steps.length - 1 };
    this.put(text, path, index + 1);
  }

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
