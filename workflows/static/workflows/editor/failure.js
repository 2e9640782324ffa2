/* “If something goes wrong”: on_error, retry and timeout in plain words. */

import { button, find, findAll, h, newId, select } from "./dom.js";
import { duration } from "./condition.js";

/** @import { Problem, Retry, Step } from "../../types" */
/** @import { Store } from "./store.js" */

/** @type {(keyof Retry)[]} */
const RETRY = ["attempts", "delay", "backoff", "max_delay"];

/** @typedef {{onChange: () => void, addStep: () => void, steers: boolean, mayRepeat: boolean, mayAsk: boolean,
        usualTries: string}} Given */

export class Failure {
  /** steers: a step that leads the run is never tried again. mayRepeat: after a crash it is not clear
     whether the step was done. mayAsk: it would be done again, unless a person is to be asked.
      @param {Store} store @param {Step} step @param {Given} given */
  constructor(store, step, { onChange, addStep, steers, mayRepeat, mayAsk, usualTries }) {
    this.store = store;
    this.step = step;
    this.onChange = onChange;
    this.addStep = addStep;
    this.steers = steers;
    this.mayRepeat = mayRepeat;
    this.mayAsk = mayAsk;
    this.usualTries = usualTries;
    this.opened = false;
    this.element = h("div.sayr-editor-failure");
    this.draw();
  }

  draw() {
    const ofAction = this.steers ? [] : [...this.tries(), this.limit(), this.crash()];
    this.element.replaceChildren(this.after(), this.block(), ...ofAction);
  }

  /* If this step fails in the end: stop, or go on. */
  after() {
    const { texts } = this.store;
    const { on_error: now } = this.step;
    const choices = [
      { value: "stop", title: texts.fails_stop },
      { value: "continue", title: texts.fails_continue },
      { value: "steps", title: texts.fails_steps },
    ];
    const isBlock = typeof now === "object";
    if (!isBlock && !["", "stop", "continue"].includes(now)) choices.push({ value: now, title: texts.fails_other });
    const id = newId();
    const chosen = select(choices, isBlock ? "steps" : now || "stop", (value) => this.setEnd(value), { id, "data-field": "on_error" });
    return h("p.sayr-editor-sentence", { "data-area": "on_error" }, h("label", { for: id }, texts.if_fails), chosen, error());
  }

  /** @param {string} value */
  setEnd(value) {
    this.step.on_error = value === "steps" ? { steps: [], then: "", codes: [] } : value;
    this.onChange();
    this.draw();
    find(this.element, '[data-field="on_error"]')?.focus();
  }

  /* The steps that run then, which stand in the flow; and how it goes on behind them. */
  block() {
    const { texts } = this.store;
    const now = this.step.on_error;
    if (typeof now !== "object") return "";
    /** @param {"then" | "codes"} key @param {string | string[]} value */
    const set = (key, value) => {
      Object.assign(now, { [key]: value });
      this.onChange();
    };
    const ends = [{ value: "", title: texts.fails_stop }, { value: "continue", title: texts.fails_continue }];
    if (now.then === "stop") ends[0].value = "stop";
    const [thenId, codesId] = [newId(), newId()];
    const then = select(ends, now.then, (value) => set("then", value), { id: thenId, "data-field": "then" });
    const codes = h("input.sayr-editor-input", { type: "text", dir: "ltr", id: codesId, "data-field": "codes", placeholder: "http_404, not_in_time" });
    codes.value = now.codes.join(", ");
    codes.addEventListener("input", () => set("codes", codes.value.split(/[\s,،]+/).filter(Boolean)));
    return h(
      "div.sayr-editor-own-retry",
      {},
      h("p.sayr-editor-sentence", { "data-area": "on_error/steps" }, h("span", {}, texts.fails_steps_help), button(texts.add_step, this.addStep, { icon: "plus", kind: "quiet", "data-do": "add-after-error" }), error()),
      h("p.sayr-editor-sentence", { "data-area": "on_error/then" }, h("label", { for: thenId }, texts.fails_then), then, error()),
      h("p.sayr-editor-sentence", { "data-area": "on_error/codes" }, h("label", { for: codesId }, texts.fails_codes), codes, error()),
    );
  }

  /* What is done about a step that a worker died in. */
  crash() {
    const { texts } = this.store;
    if (!this.mayRepeat && !this.mayAsk && !this.step.after_crash) return "";
    const id = newId();
    const ask = { value: "ask", title: texts.crash_ask };
    const [usual, other] = this.mayAsk
      ? [{ value: "repeat", title: texts.crash_again }, ask]
      : [ask, { value: "repeat", title: texts.crash_repeat }];
    const choices = [this.step.after_crash === usual.value ? usual : { ...usual, value: "" }, other];
    const chosen = select(choices, this.step.after_crash, (value) => this.set("after_crash", value), { id, "data-field": "after_crash" });
    return h("p.sayr-editor-sentence", { "data-area": "after_crash" }, h("label", { for: id }, this.mayAsk ? texts.after_doubt : texts.after_crash), chosen, error());
  }

  tries() {
    const { texts } = this.store;
    const { retry } = this.step;
    const own = RETRY.some((key) => retry[key]);
    const never = retry.attempts === "1";
    const mode = never ? "never" : own || this.opened ? "own" : "usual";
    const usual = this.usualTries || texts.retry_usual;
    const choices = ["usual", "never", "own"].map((value) => ({ value, title: value === "usual" ? usual : texts[`retry_${value}`] }));
    const chosen = select(choices, mode, (value) => this.setMode(value), { "aria-label": texts.retry_own, "data-field": "retry" });
    const lines = [h("p.sayr-editor-sentence", {}, chosen)];
    if (mode === "own") lines.push(this.own());
    return lines;
  }

  /** @param {string} mode */
  setMode(mode) {
    this.opened = mode === "own";
    for (const key of RETRY) this.step.retry[key] = "";
    if (mode === "never") this.step.retry.attempts = "1";
    if (mode === "own") Object.assign(this.step.retry, { attempts: "5", delay: "30s" });
    this.onChange();
    this.draw();
  }

  own() {
    const { texts } = this.store;
    const { retry } = this.step;
    /** @param {keyof Retry} key @param {string} least @param {string} most @param {string} placeholder */
    const number = (key, least, most, placeholder) => {
      const input = h("input.sayr-editor-input.sayr-editor-number", { type: "number", min: least, max: most, placeholder, id: newId() });
      input.value = retry[key];
      input.addEventListener("input", () => this.setRetry(key, input.value));
      return input;
    };
    /** @param {keyof Retry} key @param {string} placeholder @param {string} unit */
    const wait = (key, placeholder, unit) =>
      duration(texts, retry[key], (text) => this.setRetry(key, text), { placeholder, unit, label: texts[`retry_${key}`], id: newId() });
    /** @param {keyof Retry} key @param {HTMLElement} control */
    const line = (key, control) => {
      const target = control.id || (control.querySelector("[id]") || {}).id;
      return h("p.sayr-editor-sentence", { "data-area": `retry/${key}` }, h("label", { for: target }, texts[`retry_${key}`]), control, error());
    };
    return h("div.sayr-editor-own-retry", {}, line("attempts", number("attempts", "1", "20", "3")), line("delay", wait("delay", "10", "s")), line("backoff", number("backoff", "1", "10", "3")), line("max_delay", wait("max_delay", "1", "h")));
  }

  /** @param {keyof Retry} key @param {string} value */
  setRetry(key, value) {
    this.step.retry[key] = value;
    this.opened = true;
    this.onChange();
  }

  limit() {
    const { texts } = this.store;
    const id = newId();
    const control = duration(texts, this.step.timeout, (text) => this.set("timeout", text), { placeholder: "30", unit: "s", label: texts.timeout, id });
    return h("p.sayr-editor-sentence", { "data-area": "timeout" }, h("label", { for: id }, texts.timeout), control, error());
  }

  /** @param {"timeout" | "after_crash"} key @param {string} value */
  set(key, value) {
    this.step[key] = value;
    this.onChange();
  }

  /** problems: [{area, at, text}]. Returns those that have no field here.
      @param {Problem[]} problems */
  show(problems) {
    for (const line of findAll(this.element, ".sayr-editor-error")) line.hidden = true;
    return problems.filter(({ area, at, text }) => {
      const place = this.element.querySelector(`[data-area="${[area, ...at].join("/")}"] .sayr-editor-error`);
      if (place) Object.assign(place, { textContent: text, hidden: false });
      return !place;
    });
  }
}

function error() {
  return h("span.sayr-editor-error", { hidden: true });
}

