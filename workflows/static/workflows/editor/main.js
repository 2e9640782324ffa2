/* The step editor: puts its parts together on every element with data-editor. */

import { button, h, icon, later } from "./dom.js";
import { memberOf } from "./blocks.js";
import { Clipboard } from "./clipboard.js";
import { Conflict } from "./conflict.js";
import { Drafts } from "./drafts.js";
import { Edits, mark } from "./edits.js";
import { Flow } from "./flow.js";
import { History } from "./history.js";
import { Places } from "./moving.js";
import { Page } from "./parts.js";
import { eachStep } from "./names.js";
import { Picker } from "./picker.js";
import { Previews } from "./previews.js";
import { Raw } from "./raw.js";
import { Server } from "./server.js";
import { light } from "./light.js";
import { keepInView } from "./sticky.js";
import { Store } from "./store.js";
import { ValuesPanel } from "./values.js";

/** @import { Config, ToastSaid, Value } from "../../types" */

/** @param {HTMLElement} root */
function start(root) {
  /** @type {Config} */
  const config = JSON.parse(root.dataset.editor || "{}");
  /** @type {HTMLTextAreaElement | null} */
  const source = root.querySelector(".sayr-editor-source");
  const { form } = config;
  // A text that no form can show stays a text.
  if (!form || !source) return;
  const store = new Store({ ...config, form }, source);
  mark(store.form);
  const server = new Server(store);
  const edits = new Edits(store);
  const picker = new Picker(store);
  const places = new Places(store, edits);
  const drafts = new Drafts(store, server);
  const parts = {
    flow: new Flow(store, edits, picker, new Clipboard(store, server, edits), places),
    page: new Page(store, edits, picker, new Previews(store, server)),
    raw: new Raw(store, server),
    conflict: new Conflict(store, () => drafts.isAsStored()),
    values: new ValuesPanel(store),
  };
  const status = new Status(store);
  store.write();
  const history = new History(store, root);
  source.hidden = true;
  root.classList.add("sayr-editor-ready");
  root.append(
    h("div.sayr-editor-top", {}, tabs(store, parts), history.element, status.element),
    parts.conflict.element,
    drafts.element,
    status.away,
    h("div.sayr-editor-body", { id: "sayr-editor-panel-form", role: "tabpanel", "aria-label": store.texts.form_tab }, parts.flow.element, parts.page.element),
    parts.raw.element,
    parts.values.element,
    picker.element,
    places.element,
    new Toast(store).element,
  );
  listen(store, server, root);
  guard(source, root);
  parts.flow.draw();
  parts.page.draw();
  drafts.offer();
  keepInView([parts.flow.element, parts.page.element], document.querySelector(".sayr-submit-row"));
  if (config.conflict) parts.conflict.element.focus();
  root.dataset.ready = "true";
}

/** @param {Store} store @param {Server} server @param {HTMLElement} root */
function listen(store, server, root) {
  let asked = 0;
  const check = later(450, async () => {
    const number = (asked += 1);
    const answer = await server.ask("check");
    // An older answer says nothing about the newer form.
    if (number !== asked) return;
    if (answer) store.learn(answer);
    root.dataset.checked = "true";
    if (answer) tryIt();
  });
  /* Whether it would run: asked once nothing is to be corrected and typing has rested. */
  const tryIt = later(500, async () => {
    const number = asked;
    if (store.problems.length || number !== asked) return;
    const answer = await server.ask("trial");
    if (number !== asked) return;
    store.learn({ trial: answer || { state: "unknown", text: store.texts.not_tried, part: "" } });
    root.dataset.tried = "true";
  });
  const learn = later(250, async () => {
    const answer = await server.ask("values");
    if (!answer) return;
    store.groups = answer.groups;
    store.choices = answer.choices;
    store.tell("values");
  });
  root.dataset.checked = "true"; // says whether the problems shown are those of the form as it is
  if (store.form.steps.length) tryIt();
  let steps = stepsOf(store);
  const look = later(200, () => {
    if (steps !== stepsOf(store)) learn();
    steps = stepsOf(store);
  });
  store.on("form", ({ redraw }) => {
    root.dataset.checked = root.dataset.tried = "false";
    store.trial = null;
    asked += 1;
    check();
    if (redraw) mark(store.form);
    look();
  });
  store.on("learn", () => learn());
  document.querySelector('select[name="tenant"]')?.addEventListener("change", () => renew(store, server, check));
}

/** Another company has other choices: everything is drawn again.
    @param {Store} store @param {Server} server @param {() => void} check */
async function renew(store, server, check) {
  const answer = await server.ask("values");
  if (!answer) return;
  store.groups = answer.groups;
  store.choices = answer.choices;
  store.tell("choices");
  check();
}

/** What can be inserted depends on these only.
    @param {Store} store */
function stepsOf(store) {
  /** @type {unknown[]} */
  const told = [];
  eachStep([store.form.steps, store.form.on_failure], ({ name, action, label, params }) => {
    const { type, form, choices, items, branches } = params || {};
    told.push([name, action, label, type, items, ...[form, choices].map(keysOf), Array.isArray(branches) ? branches.map((one) => memberOf(one, "name")) : ""]);
  });
  return JSON.stringify(told);
}

/** @param {Value} list */
function keysOf(list) {
  return Array.isArray(list) ? list.map((one) => one && [memberOf(one, "key"), memberOf(one, "label")]) : "";
}

/** The form posts one field; Enter in a field publishes nothing.
    @param {HTMLTextAreaElement} source @param {HTMLElement} root */
function guard(source, root) {
  source.form?.addEventListener("formdata", ({ formData }) => {
    for (const name of new Set(formData.keys())) if (name.startsWith("rjf§")) formData.delete(name);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
  });
}

/** @param {Store} store @param {{raw: Raw, page: Page, flow: Flow}} parts */
function tabs(store, { raw, page, flow }) {
  const { texts } = store;
  /** @param {string} name */
  const show = async (name) => {
    for (const tab of [form, json]) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    const body = page.element.parentElement;
    if (body) body.hidden = name !== "form";
    raw.element.hidden = name !== "json";
    if (name === "json") await raw.open();
    else flow.draw();
  };
  /** @param {string} name @param {string} label @param {boolean} isFirst */
  const tab = (name, label, isFirst) =>
    h("button.sayr-editor-tab", { type: "button", role: "tab", "aria-selected": String(isFirst), "aria-controls": `sayr-editor-panel-${name}`, "data-tab": name, onclick: () => show(name) }, label);
  const form = tab("form", texts.form_tab, true);
  const json = tab("json", texts.json_tab, false);
  store.on("applied", () => show("form"));
  return h("div.sayr-editor-tabs", { role: "tablist" }, form, json);
}

/* One line that says whether the workflow could be published as it stands. */
class Status {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.element = h("div.sayr-editor-status", { role: "status", "aria-live": "polite" });
    this.away = h("div.sayr-editor-bar.sayr-editor-bar-warning", { hidden: true, role: "alert" });
    store.on("checked", () => this.draw());
    store.on("part", () => this.draw());
    store.on("away", ({ why }) => this.tell(why));
    store.on("back", () => { this.away.hidden = true; });
    this.draw();
  }

  draw() {
    const { texts, problems, off, trial } = this.store;
    const { tone, text, part } = light(this.store);
    this.element.classList.toggle("sayr-editor-status-bad", tone === "bad");
    this.element.classList.toggle("sayr-editor-status-open", tone === "open");
    this.element.dataset.light = problems.length ? "problems" : off ? "off" : trial ? trial.state : "asking";
    const go = part && button(problems.length ? texts.show_first : texts.show_step, () => this.show(part), { kind: "quiet" });
    this.element.replaceChildren(icon({ bad: "warning", open: "clock", good: "check" }[tone]), h("span", {}, text), go);
  }

  /** Open the part, and put the cursor into the first field that is wrong.
      @param {string} part */
  show(part) {
    this.store.showsAll = true;
    this.store.choose(part);
    setTimeout(() => {
      /** @type {HTMLElement | null} */
      const field = document.querySelector('.sayr-editor-page [aria-invalid="true"]');
      field?.focus();
    }, 120);
  }

  /** @param {"offline" | "logged_out"} why */
  tell(why) {
    const { texts } = this.store;
    const login = why === "logged_out" ? h("a", { href: "/admin/login/", target: "_blank", rel: "noopener" }, texts.log_in) : "";
    this.away.replaceChildren(h("p", {}, texts[why]), login);
    this.away.hidden = false;
  }
}

class Toast {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.element = h("div.sayr-editor-toast", { hidden: true, role: "status" });
    store.on("toast", (toast) => this.show(toast));
  }

  /** @param {ToastSaid} toast */
  show({ text, undo, long = false }) {
    const back = undo && button(this.store.texts.undo, () => { this.element.hidden = true; undo(); }, { kind: "primary" });
    this.element.replaceChildren(h("span", {}, h("bdi", {}, text)), ...(back ? [back] : []));
    this.element.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.element.hidden = true; }, long ? 60000 : 12000);
  }
}

/** @type {NodeListOf<HTMLElement>} */
const roots = document.querySelectorAll("[data-editor]");
roots.forEach(start);
