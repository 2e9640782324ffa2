/* Unsaved work stays in this browser: back, reload, a lost session or a crash lose nothing. */

import { button, fieldOfPage, h, later, say } from "./dom.js";

/** @import { Form } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Server } from "./server.js" */

const DAYS = 14;

/** @typedef {{at: number, version: number, draft: string, form: Form}} Kept */

export class Drafts {
  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
    this.offered = false;
    this.element = h("div.sayr-editor-bar", { hidden: true, role: "status" });
    this.key = `sayr-editor:${store.config.definition || `new:${store.config.tenant}`}`;
    this.first = this.comparable(store.form);
    this.keep = later(300, () => this.save());
    store.on("form", () => this.keep());
    window.addEventListener("pagehide", () => { if (this.dirty) this.save(); });
  }

  /** @param {Form} form */
  comparable(form) {
    return JSON.stringify(form, (key, value) => (["uid", "fresh", "was", "without"].includes(key) ? undefined : value));
  }

  get dirty() {
    return this.comparable(this.store.form) !== this.first;
  }

  save() {
    if (this.offered) return;
    try {
      if (!this.dirty) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), version: this.seen(), draft: this.seenDraft(), form: this.store.form }));
    } catch {
      // A full or forbidden store: the page works, only without this safety.
    }
  }

  seen() {
    return Number(fieldOfPage("version_seen")?.value || this.store.config.version);
  }

  seenDraft() {
    return fieldOfPage("draft_seen")?.value || "";
  }

  /* Offers what was left behind, unless it was saved after all. */
  async offer() {
    const draft = this.read();
    if (!draft || this.comparable(draft.form) === this.first) return;
    const answer = await this.server.ask("check", { form: draft.form, saved: true });
    if (answer && answer.saved) {
      this.forget();
      return;
    }
    this.offered = true;
    const { texts } = this.store;
    const time = new Date(draft.at).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    const older = draft.version < this.store.config.version ? ` ${texts.draft_older}` : "";
    const restore = button(texts.restore, () => this.restore(draft), { kind: "primary" });
    const discard = button(texts.discard, () => { this.forget(); this.close(); }, { kind: "plain" });
    this.element.replaceChildren(h("p", {}, say(texts.draft_found, { time }) + older), h("span.sayr-editor-bar-tools", {}, restore, discard));
    this.element.hidden = false;
  }

  /** @returns {Kept | null} */
  read() {
    try {
      const draft = JSON.parse(localStorage.getItem(this.key) || "null");
      const age = draft ? Date.now() - draft.at : 0;
      return draft && draft.form && age < DAYS * 86400000 ? draft : null;
    } catch {
      return null;
    }
  }

  /** @param {Kept} draft */
  restore(draft) {
    const input = fieldOfPage("version_seen");
    if (input) input.value = String(draft.version);
    const seen = fieldOfPage("draft_seen");
    if (seen && draft.draft) seen.value = draft.draft;
    this.close();
    this.store.replace(draft.form);
  }

  forget() {
    localStorage.removeItem(this.key);
  }

  close() {
    this.offered = false;
    this.element.hidden = true;
  }
}
