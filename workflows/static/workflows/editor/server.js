/* Asking the server. A lost session or a lost line is told to the page, never thrown at people. */

import { fieldOfPage } from "./dom.js";

/** @import { Answers } from "../../types" */
/** @import { Store } from "./store.js" */

export class Server {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** @template {keyof Answers} Name
      @param {Name} name @param {object} [question] @returns {Promise<Answers[Name] | null>} */
  async ask(name, question = {}) {
    const { urls, definition } = this.store.config;
    const body = JSON.stringify({ definition, tenant: this.tenant(), form: this.store.form, part: this.store.part, ...question });
    let answer;
    try {
      answer = await fetch(urls[name], {
        method: "POST",
        redirect: "manual",
        body,
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json" },
      });
    } catch {
      this.store.tell("away", { why: "offline" });
      return null;
    }
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      this.store.tell("away", { why: "logged_out" });
      return null;
    }
    this.store.tell("back");
    return answer.ok ? answer.json() : null;
  }

  tenant() {
    return fieldOfPage("tenant")?.value || this.store.config.tenant;
  }
}

function token() {
  return fieldOfPage("csrfmiddlewaretoken")?.value || "";
}
