/* Asking the server. A lost session or a lost line is told to the page, never thrown at people. */

export class Server {
  constructor(store) {
    this.store = store;
  }

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
    const chosen = document.querySelector('[name="tenant"]');
    return (chosen && chosen.value) || this.store.config.tenant;
  }
}

function token() {
  const input = document.querySelector('[name="csrfmiddlewaretoken"]');
  return input ? input.value : "";
}
