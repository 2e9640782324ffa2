// A store as the page makes it, without a page.

import { Store } from "../../workflows/static/workflows/editor/store.js";

export function step(name, action = "send_email", params = {}, onError = "") {
  return { uid: `uid-${name}`, name, label: "", action, params, on_error: onError };
}

/* `actions`: what is known of each action of the form, beside its name. */
export function storeOf(form, actions = {}, more = {}) {
  const texts = { deleted: "Deleted: {name}", deleted_several: "{count} deleted", copy_of: "{name} (copy)", too_deep: "At most {count}", step_word: "Step" };
  const config = {
    form: { head: { name: "Orders" }, steps: [], on_failure: [], ...form },
    choices: { actions: { send_email: { label: "Send an e-mail", node: { kind: "object", members: {} }, blank: { to: "" } }, ...actions } },
    texts, groups: [], checked: {}, show_problems: false, definition: "", ...more,
  };
  return new Store(config, { value: "" });
}

/* What the store tells from now on: [name, detail]. */
export function heard(store, ...names) {
  const told = [];
  for (const name of names) store.on(name, (detail) => told.push([name, detail]));
  return told;
}

/* Elements that are made and never looked at: what is tested does not ask the page anything. */
export function withoutPage() {
  const element = () => ({ setAttribute() {}, addEventListener() {}, append() {}, replaceChildren() {} });
  globalThis.document = { ...element(), createElement: element };
}
