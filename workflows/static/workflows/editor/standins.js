/* Fields that django-jsonform has not: a duration, a time of day, days, an event, a person, a choice
   made from a list beside it. Each stands for one of its text fields, which stays behind it. */

import { isGroup } from "./blocks.js";
import { duration } from "./condition.js";
import { h, newId, say, select } from "./dom.js";
import { type } from "./values.js";

/** @import { Choice, ChoiceGroup, Field, Input } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Fields } from "./fields.js" */

const OTHER = "\u0000other";

/** @typedef {{input: Input, node: Field, path: string[], put: (value: string) => void, shown: HTMLElement}} Made */

export class StandIns {
  /** @param {Store} store @param {Fields} fields */
  constructor(store, fields) {
    this.store = store;
    this.fields = fields;
    /** @type {Record<string, (made: Made) => HTMLElement>} */
    this.kinds = {
      duration: (made) => this.duration(made),
      clock: (made) => this.clock(made),
      days: (made) => this.days(made),
      event: (made) => this.event(made),
      person: (made) => this.person(made),
      payload_key: (made) => this.payloadKey(made),
      own: (made) => this.own(made),
      several: (made) => this.several(made),
    };
  }

  /** Puts the stand-in beside `input`, and brings it up to date. Returns the control that people use.
      @param {Input} input @param {Element} inner @param {Field} node @param {string[]} path @returns {Input} */
  of(input, inner, node, path) {
    /** @type {HTMLElement | null} */
    const shown = inner.querySelector(":scope > .sayr-editor-standin");
    const make = this.kinds[node.kind];
    if (!make) {
      if (shown) shown.remove();
      input.classList.remove("sayr-editor-behind");
      return input;
    }
    const key = this.keyOf(node);
    if (shown && shown.dataset.for === input.name && shown.dataset.value === input.value && shown.dataset.key === key) {
      return this.control(shown) || input;
    }
    const had = shown && shown.contains(document.activeElement);
    const isFree = shown && shown.dataset.for === input.name && shown.dataset.free === "true";
    if (shown) shown.remove();
    const made = h("div.sayr-editor-standin", { "data-for": input.name, "data-value": input.value, "data-key": key, "data-free": String(Boolean(isFree)) });
    /** @param {string} value */
    const put = (value) => {
      made.dataset.value = value;
      type(input, value);
    };
    made.append(make({ input, node, path, put, shown: made }));
    Object.assign(input, { tabIndex: -1 });
    input.setAttribute("aria-hidden", "true");
    input.setAttribute("aria-label", this.fields.decorator.nameOf(path, node));
    input.classList.add("sayr-editor-behind");
    inner.append(made);
    const control = this.control(made);
    if (control) control.id ||= newId("sayr-editor-in");
    if (had && control) control.focus();
    return control || input;
  }

  /** @param {Element} shown */
  control(shown) {
    /** @type {HTMLInputElement | HTMLSelectElement | null} */
    const control = shown.querySelector("input, select");
    return control;
  }

  /** What else the stand-in depends on.
      @param {Field} node */
  keyOf(node) {
    if (node.kind === "own" || node.kind === "several") return JSON.stringify(this.options(node));
    if (node.kind === "payload_key") return JSON.stringify(this.payloadFields(node));
    if (node.kind === "event") return String((this.store.choices.events || []).length);
    return "";
  }

  /** @param {Made} made */
  duration({ input, node, put }) {
    return duration(this.store.texts, input.value, put, { label: node.title, id: newId("sayr-editor-in"), unit: "d" });
  }

  /** @param {Made} made */
  clock({ input, node, put }) {
    const isTime = !input.value || /^([01]\d|2[0-3]):[0-5]\d$/.test(input.value);
    const control = h("input.sayr-editor-input.sayr-editor-clock", { type: isTime ? "time" : "text", "aria-label": node.title, dir: "ltr" });
    control.value = input.value;
    control.addEventListener("input", () => put(control.value));
    return control;
  }

  /** @param {Made} made */
  days(made) {
    return this.boxes(this.store.choices.days, made);
  }

  /** Some of what stands in a list of the same step.
      @param {Made} made */
  several(made) {
    const { input, node } = made;
    const options = this.options(node);
    const gone = input.value.split(" ").filter((one) => one && !options.some(({ value }) => value === one));
    const named = gone.map((value) => ({ value, title: say(this.store.texts.gone, { value }) }));
    return this.boxes([...options, ...named], made);
  }

  /** @param {Choice[]} offered @param {Made} made */
  boxes(offered, { input, node, put }) {
    const chosen = new Set(input.value.split(" ").filter(Boolean));
    const boxes = offered.map(({ value, title }) => {
      const box = h("input", { type: "checkbox", checked: chosen.has(value), "data-value": value });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(value);
        else chosen.delete(value);
        put(offered.map((one) => one.value).filter((one) => chosen.has(one)).join(" "));
      });
      return h("label.sayr-editor-check", {}, box, h("span", {}, title));
    });
    return h("span.sayr-editor-days", { role: "group", "aria-label": node.title }, boxes);
  }

  /** @param {Made} made */
  event(made) {
    const { texts, choices } = this.store;
    const events = choices.events || [];
    const groups = [
      { title: texts.event_group, choices: events.filter((one) => !one.seen) },
      { title: texts.seen_group, choices: events.filter((one) => one.seen) },
    ].filter((group) => group.choices.length);
    return this.choiceOrText(made, groups, texts.another_event, texts.another_event_help);
  }

  /** @param {Made} made */
  person(made) {
    const { texts, choices } = this.store;
    const { roles = [], people = [] } = choices.people || {};
    const groups = [
      { title: texts.roles, choices: roles },
      { title: texts.people, choices: people },
    ].filter((group) => group.choices.length);
    return this.choiceOrText(made, groups, texts.another_person, texts.another_person_help);
  }

  /** @param {Made} made */
  payloadKey(made) {
    const { texts } = this.store;
    const fields = this.payloadFields(made.node);
    return this.choiceOrText(made, [{ title: texts.payload_fields, choices: fields }], texts.other_field, texts.other_field_help);
  }

  /** @param {Field} node @returns {Choice[]} */
  payloadFields(node) {
    const event = (this.store.choices.events || []).find((one) => one.value === this.fields.data[node.payload || ""]);
    return (event && event.fields) || [];
  }

  /** One of the choices, or else a text of one's own.
      @param {Made} made @param {ChoiceGroup[]} groups @param {string} other @param {string} help */
  choiceOrText({ input, node, put, shown, path }, groups, other, help) {
    const { texts } = this.store;
    const label = node.title || this.fields.decorator.nameOf(path, node);
    const isKnown = groups.some((group) => group.choices.some((one) => one.value === input.value));
    const none = groups.every((group) => !group.choices.length);
    const isFree = !isKnown && (Boolean(input.value) || shown.dataset.free === "true" || none);
    const free = () => {
      const text = h("input.sayr-editor-input", { type: "text", dir: "auto", "aria-label": say(texts.free_text, { field: label }), placeholder: help });
      text.value = isKnown ? "" : input.value;
      text.addEventListener("input", () => put(text.value.trim()));
      return text;
    };
    if (none) return free();
    const choices = [{ value: "", title: texts.choose }, ...groups, { value: OTHER, title: other }];
    const chosen = select(choices, isFree ? OTHER : input.value, (value) => {
      shown.dataset.free = String(value === OTHER);
      shown.querySelectorAll("input").forEach((one) => one.remove());
      put(value === OTHER ? "" : value);
      if (value !== OTHER) return;
      const text = free();
      chosen.after(text);
      text.focus();
    }, { "aria-label": label });
    return h("span.sayr-editor-choice-or-text", {}, chosen, isFree ? free() : "");
  }

  /** A choice among what stands in a list of the same step.
      @param {Made} made */
  own({ input, node, put }) {
    const { texts } = this.store;
    const options = this.options(node);
    const all = [{ value: "", title: texts.nothing }, ...options];
    if (input.value && !options.some((one) => one.value === input.value)) {
      all.push({ value: input.value, title: say(texts.gone, { value: input.value }) });
    }
    return select(all, input.value, put, { "aria-label": node.title });
  }

  /** @param {Field} node */
  options(node) {
    const listed = this.fields.data[node.source || ""];
    const named = Array.isArray(listed) && listed.length ? listed.filter(isGroup) : this.store.choices.usual_choices;
    return named.filter((one) => one.key).map((one) => ({ value: String(one.key), title: String(one.label || one.key) }));
  }
}
