/* The page beside the flow: the trigger, one step, or the settings. */

import { holdsBlocks, isOwn, isShown, isStep, nodeOf, ownMembers } from "./blocks.js";
import { button, find, findAll, h, icon, labelled, newId, say, select } from "./dom.js";
import { Condition } from "./condition.js";
import { Failure } from "./failure.js";
import { Fields } from "./fields.js";
import { StepMessage } from "./message.js";
import { nameFor, namesIn, stepTitle } from "./names.js";

/** @import { Action, Block, Children, EventKind, Field, Group, Problem, Rows, Setting, Step } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */
/** @import { Picker } from "./picker.js" */
/** @import { Previews } from "./previews.js" */

const ANOTHER = "\u0000another";

export class Page {
  /** @param {Store} store @param {Edits} edits @param {Picker} picker @param {Previews} previews */
  constructor(store, edits, picker, previews) {
    this.store = store;
    this.edits = edits;
    this.picker = picker;
    this.previews = previews;
    this.message = new StepMessage(store, previews.server);
    this.element = h("section.sayr-editor-page", { tabindex: "-1" });
    this.problems = h("ul.sayr-editor-problems", { hidden: true });
    this.heading = h("bdi");
    this.kind = h("p");
    this.types = h("div.sayr-editor-types");
    /** @type {HTMLInputElement | null} */
    this.nameInput = null;
    /** @type {Fields[]} */
    this.drawn = [];
    /** @type {{name: string, condition: Condition}[]} */
    this.inner = []; // the conditions among the parameters
    /** @type {Fields | null} */
    this.fields = null;
    /** @type {Condition | null} */
    this.condition = null;
    /** @type {Failure | null} */
    this.failure = null;
    /** @type {HTMLDetailsElement | null} */
    this.expertBox = null;
    store.on("part", () => this.draw());
    store.on("form", ({ redraw }) => { if (redraw) this.draw(); });
    store.on("checked", () => this.mark());
    store.on("choices", () => this.draw());
  }

  draw() {
    const old = this.element.contains(document.activeElement) && this.element.dataset.part === this.store.part ? document.activeElement : null;
    const back = old instanceof HTMLElement ? this.wayTo(old) : "";
    this.clear();
    const { part } = this.store;
    this.problems = h("ul.sayr-editor-problems", { hidden: true });
    this.element.dataset.part = part;
    if (part === "trigger") this.trigger();
    else if (part === "settings") this.settings();
    else if (isStep(this.store.get(part))) this.step(this.store.step(part));
    else this.block(this.store.at(part));
    this.drawn.forEach((fields) => fields.draw());
    this.mark();
    if (back) find(this.element, back)?.focus({ preventScroll: true });
  }

  /** How to find a field again after the page was drawn anew.
      @param {HTMLElement} element */
  wayTo(element) {
    /** @type {HTMLElement | null} */
    const standIn = element.closest(".sayr-editor-standin");
    if (standIn) return `.sayr-editor-standin[data-for="${CSS.escape(standIn.dataset.for || "")}"] :is(input, select)`;
    const name = element.getAttribute("name");
    if (name) return `[name="${CSS.escape(name)}"]`;
    if (element.dataset.field) return `[data-field="${CSS.escape(element.dataset.field)}"]`;
    /** @type {HTMLElement | null} */
    const row = element.closest("[data-row]");
    return row && element.dataset.cell ? `[data-row="${row.dataset.row}"] [data-cell="${element.dataset.cell}"]` : "";
  }

  clear() {
    this.drawn.forEach((fields) => fields.unmount());
    this.drawn = [];
    this.fields = this.condition = this.failure = this.expertBox = null;
    this.inner = [];
    this.element.replaceChildren();
  }

  /** @param {string} title @param {string} name @param {HTMLElement[]} sections */
  show(title, name, ...sections) {
    this.heading = h("bdi", {}, title);
    const head = h("header.sayr-editor-page-head", {}, h("span.sayr-editor-page-icon", {}, icon(name)), h("h2", {}, this.heading));
    this.element.append(head, this.problems, ...sections);
  }

  /** @param {string} title @param {Children[]} content */
  section(title, ...content) {
    return h("section.sayr-editor-section", {}, title ? h("h3", {}, title) : "", ...content);
  }

  trigger() {
    const { texts, form, choices } = this.store;
    const { head } = form;
    const node = {
      kind: "object",
      members: {
        name: { kind: "text", title: texts.workflow_name, help: texts.workflow_name_help, required: true },
      },
    };
    this.fields = this.fieldsOf(node, { name: head.name }, (data) => { head.name = String(data.name); this.store.changed(); }, null);
    const words = { always: texts.filter_always, all: texts.filter_all, any: texts.filter_any };
    this.condition = new Condition(this.store, {
      form: head.filter,
      onChange: () => this.store.changed(),
      words,
      filter: true,
      legend: texts.filter,
    });
    this.types = h("div.sayr-editor-types");
    this.drawTypes(choices.events || []);
    this.show(texts.when, "flag", this.section("", this.fields.element), this.section("", this.types), this.section(texts.filter, this.condition.element));
  }

  /** @param {EventKind[]} events */
  drawTypes(events) {
    const { texts, form } = this.store;
    const { head } = form;
    /** @param {string} value */
    const put = (value) => { head.trigger_type = value; this.retype(); };
    const first = this.eventField(texts.trigger_type, head.trigger_type, events, put);
    const others = head.also_on.map((name, index) => {
      /** @param {string} value */
      const set = (value) => { head.also_on[index] = value; this.retype(); };
      const remove = button(texts.remove, () => { head.also_on.splice(index, 1); this.retype(true); }, { icon: "cross", iconOnly: true, kind: "tool" });
      return h("div.sayr-editor-with-tool", {}, this.eventField(texts.also_on, name, events, set, index), remove);
    });
    const add = button(texts.also_on, () => { head.also_on.push(""); this.retype(true); }, { icon: "plus", kind: "quiet" });
    this.types.replaceChildren(first, ...others, head.trigger_type ? add : "");
  }

  /** @param {boolean} [redraw] */
  retype(redraw = true) {
    this.store.changed();
    this.store.tell("learn");
    if (redraw) this.drawTypes(this.store.choices.events || []);
    this.mark();
  }

  /** @param {string} label
      @param {string} value
      @param {EventKind[]} events
      @param {(value: string) => void} onchange
      @param {number} [index] */
  eventField(label, value, events, onchange, index = -1) {
    const { texts } = this.store;
    const known = events.some((one) => one.value === value);
    const area = index < 0 ? "trigger_type" : `also_on/${index}`;
    const groups = [
      { title: texts.event_group, choices: events.filter((one) => !one.seen) },
      { title: texts.seen_group, choices: events.filter((one) => one.seen) },
    ].filter((group) => group.choices.length);
    const free = value && !known;
    const choices = [{ value: "", title: texts.choose }, ...groups, { value: ANOTHER, title: texts.another_event }];
    const chosen = select(choices, free ? ANOTHER : value, (next) => {
      if (next !== ANOTHER) onchange(next);
      else this.typeEvent(field, onchange);
    }, { "data-field": area });
    const field = labelled(label, chosen);
    field.dataset.area = area;
    if (free) this.typeEvent(field, onchange, value);
    field.append(h("p.sayr-editor-error", { hidden: true }));
    return field;
  }

  /** The name of an event that nobody registered is typed.
      @param {HTMLElement} field @param {(value: string) => void} onchange @param {string} [value] */
  typeEvent(field, onchange, value = "") {
    if (field.querySelector("input")) return;
    const { texts } = this.store;
    const input = h("input.sayr-editor-input", { type: "text", dir: "ltr", "aria-label": texts.another_event_help });
    input.value = value;
    input.addEventListener("change", () => onchange(input.value.trim()));
    field.append(input, h("p.sayr-editor-help", {}, texts.another_event_help));
    if (!value) input.focus();
  }

  /** @param {Step} step */
  step(step) {
    const { texts, choices, part } = this.store;
    const action = choices.actions[step.action];
    const label = h("input.sayr-editor-input", { type: "text", dir: "auto", id: newId(), "data-field": "label", autocomplete: "off", maxlength: "200" });
    label.value = step.label;
    label.placeholder = stepTitle({ ...step, label: "" }, action);
    label.addEventListener("input", () => {
      this.edits.setLabel(part, label.value);
      this.heading.textContent = step.label || label.placeholder;
      this.kind.hidden = this.heading.textContent === action?.label;
      if (this.nameInput) this.nameInput.value = step.name;
    });
    const change = button(texts.change_action, () => this.picker.open((name) => this.edits.setAction(part, name)), { kind: "quiet", icon: "swap" });
    const steers = Boolean(action && action.steers);
    const what = this.section("", this.params(step, action), this.message.element);
    this.message.element.hidden = true;
    this.message.fetch();
    const always = { always: texts.always, all: texts.all, any: texts.any };
    this.condition = new Condition(this.store, { form: step.condition, onChange: () => this.store.changed(), words: always, legend: texts.only_if });
    const inList = () => this.picker.open((name) => this.edits.add(name, null, `${part}/on_error/steps`));
    this.failure = new Failure(this.store, step, { onChange: () => this.store.changed(), addStep: inList, steers, mayRepeat: Boolean(action && action.may_repeat), mayAsk: Boolean(action && action.may_ask), usualTries: action ? action.usual_tries : "" });
    this.show(
      step.label || label.placeholder,
      action ? action.icon : "warning",
      this.section("", labelled(texts.label, label, texts.label_help)),
      what,
      ...(action && step.params ? this.conditionsIn(action.node, step.params) : []),
      this.section(texts.only_if, this.condition.element),
      this.section(texts.on_failure, this.failure.element),
      this.section("", this.note(step)),
      this.expert(step),
    );
    const kind = h("p.sayr-editor-page-kind", { hidden: stepTitle(step, action) === action?.label }, action ? action.label : step.action);
    find(this.element, "h2")?.after(kind);
    find(this.element, ".sayr-editor-page-head")?.append(change);
    this.kind = kind;
  }

  /** @param {Step} step */
  note(step) {
    const { texts } = this.store;
    const input = h("textarea.sayr-editor-input", { dir: "auto", id: newId(), "data-field": "note", rows: 2, maxlength: "2000" });
    input.value = step.note || "";
    input.addEventListener("input", () => {
      step.note = input.value;
      this.store.changed();
    });
    return labelled(texts.note, input, texts.note_help);
  }

  /** @param {Step} step @param {Action | undefined} action */
  params(step, action) {
    const { texts } = this.store;
    if (!action || typeof step.params === "string") {
      const stored = String(step.params?._raw || step.params);
      return h("div", {}, h("p.sayr-editor-notice", {}, texts.unknown_action), h("pre.sayr-editor-stored", { dir: "ltr" }, stored));
    }
    this.fields = this.fieldsOf(action.node, step.params, (data) => { merge(step.params, data, action.node); this.store.changed(); }, this.previews);
    const others = step.params._raw
      ? h("div.sayr-editor-field", {}, h("b", {}, texts.other_settings), h("pre.sayr-editor-stored", { dir: "ltr" }, String(step.params._raw)), button(texts.remove, () => { delete step.params._raw; this.store.changed({ redraw: true }); }, { kind: "quiet", icon: "trash" }))
      : "";
    const isBare = !Object.values(action.node.members || {}).some((member) => !isOwn(member) && !holdsBlocks(member));
    return h("div", {}, isBare ? h("p.sayr-editor-help", {}, texts.in_the_flow) : this.fields.element, others);
  }

  /** An item of a list that holds steps or conditions: a way of a branch, a reminder.
      @param {Block} form */
  block(form) {
    const { part } = this.store;
    const node = nodeOf(this.store, part) || { kind: "object" };
    /** @param {Group} data */
    const take = (data) => {
      merge(form, data, node);
      this.nameBlock(form, node);
      this.heading.textContent = this.titleOf(form, part);
      this.store.changed();
    };
    this.fields = this.fieldsOf({ ...node, title: "" }, form, take, this.previews);
    this.show(this.titleOf(form, part), "way", this.section("", this.fields.element), ...this.conditionsIn(node, form));
    const above = this.store.find(part.slice(0, part.lastIndexOf("/params/")));
    const action = this.store.choices.actions[above?.action || ""];
    const kind = above && action ? `${action.label}${above.label ? `: ${above.label}` : ""}` : "";
    find(this.element, "h2")?.after(h("p.sayr-editor-page-kind", {}, h("bdi", {}, kind)));
  }

  /** @param {Block} form @param {string} part */
  titleOf(form, part) {
    const { list, index, path } = this.store.listOf(part);
    const node = nodeOf(this.store, path);
    return form.label || form.name || `${node?.one || node?.title || this.store.texts.step_word} ${list.length > 1 ? index + 1 : ""}`.trim();
  }

  /** A lane's short name follows what people call it, until somebody writes one.
      @param {Block} form @param {Field} node */
  nameBlock(form, node) {
    const [key, member] = Object.entries(node.members || {}).find(([, one]) => one.names) || [];
    const said = member && form[member.names || ""];
    if (!key || typeof said !== "string" || !said) return;
    const { list } = this.store.listOf(this.store.part);
    const others = new Set(list.filter((one) => one !== form).map((one) => one[key]));
    const name = nameFor(said, "item", others);
    if (form.named && form.named !== form[key]) delete form.fresh;
    if (!form[key] || form.fresh) Object.assign(form, { [key]: name, named: name, fresh: "1" });
    if (this.fields && this.fields.data[key] !== form[key]) this.fields.data = { ...this.fields.data, [key]: form[key] };
  }

  /** The conditions among parameters, each with its title.
      @param {Field} node @param {Group} form */
  conditionsIn(node, form) {
    return ownMembers(node, "condition").filter(([, member]) => isShown(member, form)).map(([name, member]) => {
      const { texts } = this.store;
      const words = { always: texts.always, all: texts.all, any: texts.any };
      const onChange = () => this.store.changed();
      const condition = new Condition(this.store, { form: /** @type {Rows} */ (form[name]), onChange, words, legend: member.title, area: `params/${name}` });
      this.inner.push({ name, condition });
      return this.section(member.title || "", condition.element);
    });
  }

  /** @param {Step} step */
  expert(step) {
    const { texts } = this.store;
    const input = h("input.sayr-editor-input", { type: "text", dir: "ltr", "data-field": "name", spellcheck: "false" });
    input.value = step.name;
    this.nameInput = input;
    input.addEventListener("change", () => {
      const taken = namesIn(this.store.form, step).has(input.value);
      if (!taken && /^[a-z][a-z0-9_]{0,62}$/.test(input.value)) this.edits.rename(step, input.value);
      else step.name = input.value;
      step.fresh = false;
      this.store.changed();
      this.store.tell("learn");
    });
    const field = labelled(texts.name, input, texts.name_help);
    field.dataset.area = "name";
    field.append(h("p.sayr-editor-error", { hidden: true }));
    this.expertBox = h("details.sayr-editor-expert", {}, h("summary", {}, texts.expert), field);
    return this.expertBox;
  }

  settings() {
    const { texts, form } = this.store;
    const { head } = form;
    const example = "delivery_fee = 5";
    const wait = { kind: "choice", choices: ["wait", "replace"], usual: "wait", template: false, words: { wait: texts.busy_wait, replace: texts.busy_replace } };
    const node = {
      kind: "object",
      members: {
        values: { kind: "map", title: texts.values, help: say(texts.values_help, { example }), template: false, items: { kind: "text", template: false } },
        concurrency_key: { kind: "text", title: texts.turns, help: texts.turns_help },
        when_busy: { ...wait, title: texts.when_busy, when: { concurrency_key: [] } },
        max_running: { kind: "number", title: texts.max_running, help: texts.max_running_help, template: false },
        deadline: { kind: "duration", title: texts.deadline, help: texts.deadline_help, template: false },
        output: { kind: "json", title: texts.output, help: texts.output_help, items: { kind: "text" } },
        own_changes: { kind: "boolean", title: texts.own_changes, help: texts.own_changes_help, usual: "false", template: false },
      },
    };
    const own = Object.keys(node.members).filter((name) => name !== "values");
    const data = { values: head.values.map(({ k, v }) => ({ k, v })), ...Object.fromEntries(own.map((name) => [name, structuredClone(head[name])])) };
    /** @param {Group} given */
    const take = (given) => {
      const was = new Map(head.values.map((row) => [row.k, row.was]));
      const rows = /** @type {Setting[]} */ (given.values);
      head.values = rows.map(({ k, v }) => ({ k, v, was: was.get(k) || "" }));
      for (const name of own) head[name] = given[name] === undefined ? "" : given[name];
      this.store.changed();
      this.store.tell("learn");
    };
    this.fields = this.fieldsOf(node, data, take, this.previews);
    this.show(texts.settings, "sliders", this.section("", this.fields.element));
  }

  /** @param {Field} node
      @param {Group} data
      @param {(data: Group) => void} onChange
      @param {Previews | null} previews */
  fieldsOf(node, data, onChange, previews) {
    const fields = new Fields(this.store, { node, data, onChange, previews });
    this.drawn.push(fields);
    return fields;
  }

  /* Each problem at its field; what has none stands on top. */
  mark() {
    const { part } = this.store;
    let rest = this.store.problemsOf(part);
    /** @param {string[]} areas @param {(problems: Problem[]) => void} show */
    const take = (areas, show) => {
      show(rest.filter((one) => areas.includes(one.area)));
      rest = rest.filter((one) => !areas.includes(one.area));
    };
    for (const { name, condition } of this.inner) {
      /** @param {Problem} one */
      const isIts = (one) => one.area === "params" && one.at[0] === name;
      condition.show(rest.filter(isIts).map((one) => ({ ...one, at: one.at.slice(1) })));
      rest = rest.filter((one) => !isIts(one));
    }
    const { fields, condition: asked } = this;
    if (fields) take([part === "settings" ? "settings" : "params"], (found) => fields.show(found));
    if (part === "trigger") rest = this.markHead(rest);
    if (asked) take(["condition", "filter"], (found) => asked.show(found));
    if (this.failure) rest = this.failure.show(rest);
    if (this.expertBox) rest = this.markName(rest, this.expertBox);
    this.problems.hidden = !rest.length;
    this.problems.replaceChildren(...rest.map(({ text }) => h("li", {}, text)));
  }

  /** @param {Problem[]} problems */
  markHead(problems) {
    for (const line of findAll(this.types, ".sayr-editor-error")) line.hidden = true;
    this.fields?.show(problems.filter((one) => one.area === "head" && one.at[0] === "name"));
    return problems.filter(({ area, at, text }) => {
      if (area !== "head") return true;
      const place = this.types.querySelector(`[data-area="${at.join("/")}"] .sayr-editor-error`);
      if (place) Object.assign(place, { textContent: text, hidden: false });
      return !place && at[0] !== "name";
    });
  }

  /** @param {Problem[]} problems @param {HTMLDetailsElement} box */
  markName(problems, box) {
    const line = find(box, ".sayr-editor-error");
    if (line) line.hidden = true;
    return problems.filter(({ area, text }) => {
      if (area !== "name" || !line) return true;
      Object.assign(line, { textContent: text, hidden: false });
      box.open = true;
      return false;
    });
  }
}

/** What the fields hold, without the steps and conditions: those are edited elsewhere meanwhile.
    @param {Group} form @param {Group} data @param {Field} node */
function merge(form, data, node) {
  for (const [name, value] of Object.entries(data)) {
    const member = (node.members || {})[name];
    if (!member || !(isOwn(member) || holdsBlocks(member))) form[name] = value;
  }
}
