/* Asking the server, one question at a time. A lost session or line is told to the page, never thrown at people. */

import { fieldOfPage } from "./dom.js";

/** @import { Answers } from "../../types" */
/** @import { Store } from "./store.js" */

const TOO_MANY = 429;
const UNAVAILABLE = 503;
const MAX_TRIES = 4;
const DEFAULT_WAIT_SECONDS = 2;

export class Server {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Promise<unknown>} */
    this.last = Promise.resolve();
    /** Questions about the form as it stands whose turn has not come.
        @type {Map<string, Promise<any>>} */
    this.waiting = new Map();
  }

  /** A person has few requests at once, in all tabs together: each question waits for the one before. It
      is about the form as it is when its turn comes, so that one waiting question of a kind is enough.
      @template {keyof Answers} Name
      @param {Name} name @param {object} [question] @returns {Promise<Answers[Name] | null>} */
  ask(name, question) {
    const same = question ? undefined : this.waiting.get(name);
    if (same) return same;
    const answer = this.last.then(() => {
      if (!question) this.waiting.delete(name);
      return this.send(name, question);
    });
    if (!question) this.waiting.set(name, answer);
    this.last = answer.catch(() => null);
    return answer;
  }

  /** @template {keyof Answers} Name
      @param {Name} name @param {object} [question] @returns {Promise<Answers[Name] | null>} */
  async send(name, question = {}) {
    const { urls, definition } = this.store.config;
    const body = JSON.stringify({ definition, tenant: this.tenant(), form: this.store.form, part: this.store.part, ...question });
    try {
      const answer = await untilFree(() => fetch(urls[name], {
        method: "POST",
        redirect: "manual",
        body,
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json" },
      }));
      if (answer.type === "opaqueredirect" || answer.status === 403) {
        this.store.tell("away", { why: "logged_out" });
        return null;
      }
      this.store.tell("back");
      return answer.ok ? await answer.json() : null;
    } catch {
      this.store.tell("away", { why: "offline" });
      return null;
    }
  }

  tenant() {
    return fieldOfPage("tenant")?.value || this.store.config.tenant;
  }
}

/** Ask again while the server says that it is busy, when it says to.
    @param {() => Promise<Response>} attempt */
async function untilFree(attempt) {
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt();
    const isBusy = answer.status === TOO_MANY || answer.status === UNAVAILABLE;
    if (!isBusy || tries === MAX_TRIES) return answer;
    const seconds = Number(answer.headers.get("Retry-After") || DEFAULT_WAIT_SECONDS);
    await new Promise((done) => { setTimeout(done, seconds * 1000); });
  }
}

function token() {
  return fieldOfPage("csrfmiddlewaretoken")?.value || "";
}
