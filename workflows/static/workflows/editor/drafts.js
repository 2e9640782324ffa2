/* Unsaved work stays in this browser: back, reload, a lost session or a crash lose nothing. What becomes of it: kept.js */

import { button, fieldOfPage, h, later, say } from "./dom.js";
import { comparable, keep, piecesIn, roomOf, savedIn, sorted } from "./kept.js";

/** @import { Kept } from "./kept.js" */
/** @import { Store } from "./store.js" */
/** @import { Server } from "./server.js" */

const CHANNEL = "sayr-editor";
const ANSWERS_WITHIN_MS = 150; // of other tabs, which are in this browser

export class Drafts {
  /** @param {Store} store @param {Server} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
    const { config } = store;
    this.element = h("div.sayr-editor-bar.sayr-editor-left", { hidden: true, role: "status" });
    this.room = roomOf(config.person, config.definition || `new:${config.tenant}`);
    // A form that was refused comes back with its id: it is the same work still.
    const field = fieldOfPage("work");
    this.id = (config.show_problems && field?.value) || newWorkId();
    this.carry(this.id);
    // What was refused is nowhere but here.
    this.first = config.show_problems ? "" : comparable(store.form);
    this.isSending = false;
    this.adoptOlder();
    this.keep = later(300, () => this.save());
    store.on("form", () => this.keep());
    this.listen();
    if (this.isDirty) this.save();
  }

  listen() {
    window.addEventListener("pagehide", () => { if (this.isDirty && !this.isSaved) this.save(); });
    window.addEventListener("pageshow", ({ persisted }) => { if (persisted && this.isSaved) window.location.reload(); });
    window.addEventListener("beforeunload", (event) => { if (this.mayBeLost) event.preventDefault(); });
    this.store.source.form?.addEventListener("submit", ({ submitter }) => {
      if (submitter?.getAttribute("formtarget") === "_blank") return;
      // The question whether to leave comes at once, or not at all.
      this.isSending = true;
      window.setTimeout(() => { this.isSending = false; }, 1000);
    });
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.addEventListener("message", ({ data }) => {
      if (data.ask === this.room && this.isDirty) this.channel?.postMessage({ open: this.id, room: this.room });
    });
  }

  get isDirty() {
    return comparable(this.store.form) !== this.first;
  }

  get isSaved() {
    return savedIn(document.cookie).has(this.id);
  }

  get mayBeLost() {
    return !this.isSending && (this.isDirty || ["note", "key"].some(isTyped));
  }

  save() {
    if (!this.isDirty) this.forget(this.id);
    else keep(localStorage, this.room, { id: this.id, at: Date.now(), version: this.seen(), draft: this.seenDraft(), form: this.store.form });
  }

  seen() {
    return Number(fieldOfPage("version_seen")?.value || this.store.config.version);
  }

  seenDraft() {
    return fieldOfPage("draft_seen")?.value || "";
  }

  /** The form that is shown is what the server has: a colleague's, for one. */
  isAsStored() {
    this.first = comparable(this.store.form);
    this.save();
  }

  /* Offers what was left behind, unless it was saved after all. */
  async offer() {
    const open = await this.openElsewhere();
    const known = { own: this.id, saved: savedIn(document.cookie), open };
    const { gone, left, elsewhere } = sorted(this.pieces(), known);
    for (const one of gone) this.forget(one.id);
    const lines = [];
    for (const piece of left) {
      const line = await this.lineOf(piece);
      if (line) lines.push(line);
    }
    if (elsewhere) lines.push(h("p", {}, this.store.texts.open_elsewhere));
    this.element.replaceChildren(...lines);
    this.hideIfEmpty();
  }

  /** @param {Kept} piece */
  async lineOf(piece) {
    const answer = await this.server.ask("check", { form: piece.form, saved: true, at: piece.at });
    if (comparable(piece.form) === this.first || (answer && answer.saved)) {
      this.forget(piece.id);
      return null;
    }
    const { texts } = this.store;
    const time = answer?.when || this.timeOf(piece.at);
    const older = piece.version < this.store.config.version ? ` ${texts.draft_older}` : "";
    const close = () => { line.remove(); this.hideIfEmpty(); };
    const restore = button(texts.restore, () => { close(); this.restore(piece); }, { kind: "primary" });
    const discard = button(texts.discard, () => { close(); this.forget(piece.id); }, { kind: "plain" });
    const line = h("div.sayr-editor-left-one", {}, h("p", {}, say(texts.draft_found, { time }) + older), h("span.sayr-editor-bar-tools", {}, restore, discard));
    return line;
  }

  /** The reader's time, where the server does not say it.
      @param {number} at */
  timeOf(at) {
    const language = `${document.documentElement.lang || "en"}-u-nu-latn`;
    return new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short", timeZone: this.store.config.time_zone });
  }

  /** The pieces whose pages are open in other tabs.
      @returns {Promise<Set<string>>} */
  async openElsewhere() {
    /** @type {Set<string>} */
    const open = new Set();
    /** @param {MessageEvent} event */
    const hear = ({ data }) => { if (data.room === this.room) open.add(data.open); };
    this.channel?.addEventListener("message", hear);
    this.channel?.postMessage({ ask: this.room });
    await new Promise((done) => { window.setTimeout(done, ANSWERS_WITHIN_MS); });
    this.channel?.removeEventListener("message", hear);
    return open;
  }

  /** Go on with a piece, under its id. What this page had before stays beside it.
      @param {Kept} piece */
  restore(piece) {
    this.save();
    this.id = piece.id;
    this.carry(piece.id);
    const input = fieldOfPage("version_seen");
    if (input) input.value = String(piece.version);
    const seen = fieldOfPage("draft_seen");
    if (seen && piece.draft) seen.value = piece.draft;
    this.store.replace(piece.form);
    this.save();
  }

  /** @returns {Kept[]} */
  pieces() {
    try {
      return piecesIn(localStorage, this.room, Date.now());
    } catch {
      return []; // a forbidden store: the page works, only without this safety
    }
  }

  /** @param {string} id */
  forget(id) {
    try {
      localStorage.removeItem(this.room + id);
    } catch {
      // Nothing was kept either.
    }
  }

  /** @param {string} id */
  carry(id) {
    const field = fieldOfPage("work");
    if (field) field.value = id;
  }

  hideIfEmpty() {
    this.element.hidden = !this.element.childElementCount;
  }

  /* Before 0.3 a workflow had one piece for everybody. */
  adoptOlder() {
    const { definition, tenant } = this.store.config;
    const key = `sayr-editor:${definition || `new:${tenant}`}`;
    try {
      const older = localStorage.getItem(key);
      if (older) localStorage.setItem(this.room + newWorkId(), older);
      localStorage.removeItem(key);
    } catch {
      // A full or forbidden store.
    }
  }
}

/** @param {string} name */
function isTyped(name) {
  const field = fieldOfPage(name);
  return field instanceof HTMLInputElement && field.value !== field.defaultValue;
}

function newWorkId() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(parts, (one) => one.toString(16)).join("");
}
