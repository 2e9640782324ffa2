/* The fields of one part, drawn by django-jsonform, with what it lacks put around them. */

import { holdsBlocks, isGroup, isOwn, isShown, memberOf } from "./blocks.js";
import { button, h, newId, say, select } from "./dom.js";
import { Decorator } from "./decorate.js";
import { nameItems } from "./names.js";
import { ADD, Schemas, fits, isBlank } from "./schema.js";

/** @import { Drawable, Field, Group, Input, JsonForm, Problem, Value } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Previews } from "./previews.js" */

export class Fields {
  /** data: the form of `node`; onChange(data) hears of every change.
      @param {Store} store
      @param {{node: Field, data: Group, onChange: (data: Group) => void, title?: string, previews?: Previews | null}} given */
  constructor(store, { node, data, onChange, title = "", previews = null }) {
    this.store = store;
    this.schemas = new Schemas(store, () => this.data);
    this.node = node;
    this.data = data;
    this.onChange = onChange;
    this.unfolded = false;
    this.refused = new Set(); // members that the package would not draw as they are
    /** @type {Record<string, string[]>} */
    this.errors = {};
    /** @type {string[]} */
    this.foreign = []; // titles of what the package cannot draw
    /** @type {HTMLElement | null} */
    this.container = null;
    /** @type {JsonForm | null} */
    this.instance = null;
    /** @type {Drawable} */
    this.schema = {};
    /** @type {number | undefined} */
    this.way = undefined;
    this.holder = h("div.sayr-editor-fields", { "aria-label": title || null });
    this.more = h("div.sayr-editor-more");
    this.ways = h("div.sayr-editor-ways");
    this.element = h("div", {}, this.ways, this.holder, this.more);
    this.decorator = new Decorator(store, this, previews);
    this.holder.addEventListener("focusout", (event) => this.leave(event));
  }

  /* The element has to be in the page before: the package looks its container up by id. */
  draw() {
    // A step that only holds others has no fields.
    if (!this.holder.isConnected) return;
    this.unmount();
    const container = h("div.sayr-editor-jsonform", { id: newId("sayr-editor-form") });
    const input = h("textarea", { id: newId("sayr-editor-data"), hidden: true, tabindex: "-1", "aria-hidden": "true" });
    this.holder.replaceChildren(container, input);
    this.container = container;
    this.drawWays();
    this.schema = this.schemaNow();
    this.drawn = JSON.stringify(this.schema);
    const instance = window.reactJsonForm.createForm({
      containerId: container.id,
      dataInputId: input.id,
      schema: this.schema,
      data: this.filled(),
      errorMap: this.errors,
    });
    this.instance = instance;
    if (this.refuses(instance)) {
      this.draw();
      return;
    }
    instance.addEventListener("change", (event) => this.take(event.data));
    instance.render();
    this.decorator.watch(container);
    this.drawMore();
  }

  unmount() {
    this.decorator.stop();
    if (this.container && this.container.isConnected) window.ReactDOM.unmountComponentAtNode(this.container);
    this.container = null;
  }

  schemaNow() {
    /** @type {Record<string, Drawable>} */
    const properties = {};
    this.foreign = [];
    for (const [name, member] of Object.entries(this.node.members || {})) {
      const data = this.data[name];
      if (isOwn(member) || holdsBlocks(member) || !this.isSeen(name, member)) continue;
      const schema = this.schemas.of(member, [data]);
      if (fits(schema, data) && !this.refused.has(name)) properties[name] = schema;
      else this.foreign.push(member.title || "");
    }
    return { type: "object", title: "", properties };
  }

  /** What somebody has filled in is always seen, so that it can be taken out again.
      @param {string} name @param {Field} member */
  isSeen(name, member) {
    if (!isBlank(this.data[name])) return true;
    if (member.names && !this.schemas.showsNames) return false;
    if (member.more && !this.unfolded) return false;
    const ways = this.waysOf();
    if (ways.some((way) => way.members.includes(name)) && !ways[this.wayNow()].members.includes(name)) return false;
    return isShown(member, this.data);
  }

  waysOf() {
    return (this.node.ways && this.node.ways.ways) || [];
  }

  /* The way that has room for all that is filled in; the narrowest of them. */
  wayNow() {
    if (this.way !== undefined) return this.way;
    const ways = this.waysOf();
    const filled = ways.flatMap((way) => way.members).filter((name) => !isBlank(this.data[name]));
    const fitting = ways.filter((way) => filled.every((name) => way.members.includes(name)));
    const narrow = [...fitting].sort((one, other) => one.members.length - other.members.length)[0];
    return Math.max(0, ways.indexOf(narrow && filled.length ? narrow : ways[0]));
  }

  drawWays() {
    const ways = this.waysOf();
    if (!ways.length) return;
    const choices = ways.map((way, index) => ({ value: String(index), title: way.title }));
    const id = newId();
    const chosen = select(choices, String(this.wayNow()), (value) => this.setWay(Number(value)), { id, "data-field": "way" });
    this.ways.replaceChildren(h("label", { for: id }, this.node.ways?.title), chosen);
  }

  /** @param {number} index */
  setWay(index) {
    this.way = index;
    const { members } = this.waysOf()[index];
    const data = structuredClone(this.data);
    for (const name of this.waysOf().flatMap((way) => way.members)) {
      if (!members.includes(name)) data[name] = blankAs(data[name]);
    }
    this.data = data;
    this.onChange(data);
    this.draw();
    const chosen = this.ways.querySelector("select");
    if (chosen) chosen.focus();
  }

  /** Says whether the package has changed the data by taking it: then it may not draw that part.
      @param {JsonForm} instance */
  refuses(instance) {
    const [given, taken] = [this.filled(), instance.getData()];
    const names = Object.keys(this.schema.properties || {}).filter((name) => !same(given[name], taken[name]));
    names.forEach((name) => this.refused.add(name));
    return names.length > 0;
  }

  /* The package fills in what is missing, but only by its own rules. */
  filled() {
    const data = structuredClone(this.data);
    fill(data, this.schema);
    return data;
  }

  /** @param {Group} given */
  take(given) {
    if (JSON.stringify(given) === JSON.stringify(this.data)) return;
    const before = this.data;
    this.data = structuredClone(given);
    settle(this.data);
    this.enter(before);
    const isNamed = this.nameAll(this.node, this.data, before);
    this.onChange(this.data);
    this.decorator.soon();
    // Not while React is still drawing what was typed.
    if (JSON.stringify(this.schemaNow()) !== this.drawn) queueMicrotask(() => this.redraw());
    else if (isNamed) queueMicrotask(() => { if (this.container) this.instance?.update({ data: this.filled() }); });
  }

  /** What was added to a list is not wrong before somebody has left it.
      @param {Group} before */
  enter(before) {
    for (const [name, value] of Object.entries(this.data)) {
      const had = before[name];
      const was = Array.isArray(had) ? had.length : 0;
      if (Array.isArray(value) && value.length > was) this.store.enter(["params", name, value.length - 1]);
    }
  }

  /** @param {FocusEvent} event */
  leave(event) {
    const [from, to] = [event.target, event.relatedTarget].map((one) => (one instanceof Element ? rowOf(one) : ""));
    // To another control of the row that has no name: a button beside a field.
    const isInside = event.relatedTarget instanceof Element && this.holder.contains(event.relatedTarget) && to === "";
    if (from && from !== to && !isInside) this.store.leave(["params", ...from.split("§")]);
  }

  /** Short names of what was added follow what people call it.
      @param {Field} node @param {Group} data @param {Group} before */
  nameAll(node, data, before) {
    let changed = false;
    for (const [name, member] of Object.entries(node.members || {})) {
      const list = data[name];
      const items = member.items && member.items.members;
      if (member.kind !== "list" || !items || !Array.isArray(list)) continue;
      const key = Object.keys(items).find((one) => items[one].names);
      if (!key) continue;
      const had = Array.isArray(before[name]) ? before[name] : [];
      const rows = list.filter(isGroup);
      const was = had.length === list.length && rows.length === list.length ? had.filter(isGroup) : null;
      if (list.length > had.length) changed = preset(list[list.length - 1], items) || changed;
      changed = nameItems(rows, was, { key, label: items[key].names || "" }) || changed;
    }
    return changed;
  }

  /** @param {string[]} path @param {Value} value */
  put(path, value) {
    const data = structuredClone(this.data);
    const last = path[path.length - 1];
    const holder = path.slice(0, -1).reduce(memberOf, /** @type {Value} */ (data));
    if (value === undefined && isGroup(holder)) delete holder[last];
    else if (holder) Object.assign(holder, { [last]: value });
    this.data = data;
    this.onChange(data);
    this.redraw(path);
  }

  /** Draw again, because other fields are needed now; the cursor stays where it was.
      @param {string[] | null} [focusPath] */
  redraw(focusPath = null) {
    const old = this.holder.contains(document.activeElement) ? /** @type {Input} */ (document.activeElement) : null;
    /** @type {HTMLElement | null} */
    const standIn = old && old.closest(".sayr-editor-standin");
    const active = standIn ? standIn.dataset.for : old ? old.name : "";
    const caret = old && "selectionStart" in old ? old.selectionStart : null;
    this.draw();
    const name = focusPath ? ["rjf", ...focusPath].join("§") : active;
    const field = name ? this.controlNamed(name) : null;
    if (!field) return;
    field.focus();
    if (field.type === "number") Object.assign(field, { value: field.value }); // the caret behind it
    else if (caret !== null && "setSelectionRange" in field && field.type !== "time") field.setSelectionRange(caret, caret);
  }

  /** What people use for a field: its stand-in, if it has one.
      @param {string} name @returns {Input | null} */
  controlNamed(name) {
    const standIn = this.holder.querySelector(`.sayr-editor-standin[data-for="${CSS.escape(name)}"]`);
    return /** @type {Input | null} */ (standIn && standIn.querySelector("input, select")) || this.fieldNamed(name);
  }

  /** @param {string} name @returns {Input | null} */
  fieldNamed(name) {
    return this.container?.querySelector(`[name="${CSS.escape(name)}"]`) ?? null;
  }

  /** @param {(string | number)[]} path @returns {Input | null} */
  fieldAt(path) {
    const name = ["rjf", ...path].join("§");
    return this.fieldNamed(name) || (this.container?.querySelector(`[name^="${CSS.escape(`${name}§`)}"]`) ?? null);
  }

  /** @param {string[]} path @returns {Field | undefined} */
  nodeAt(path) {
    return this.schemas.nodeAt(this.node, path);
  }

  /** problems: [{at, text}] of this part.
      @param {Problem[]} problems */
  show(problems) {
    /** @type {Record<string, string[]>} */
    const errors = {};
    for (const { at, text } of problems) {
      const key = this.fieldFor(at.map(String)).join("§");
      errors[key] = [...(errors[key] || []), text];
    }
    if (JSON.stringify(errors) === JSON.stringify(this.errors)) return;
    this.errors = errors;
    if (Object.keys(errors).some((key) => this.isFolded(key.split("§")[0]))) this.unfold();
    else if (this.instance && this.container) this.instance.update({ errorMap: errors });
    this.decorator.soon();
  }

  /** A short name that is not shown is wrong where people name the thing.
      @param {string[]} at */
  fieldFor(at) {
    const node = this.nodeAt(at);
    if (!node || !node.names || this.schemas.showsNames) return at;
    return [...at.slice(0, -1), node.names];
  }

  /** @param {string} name */
  isFolded(name) {
    const member = (this.node.members || {})[name];
    return Boolean(member && member.more && !this.unfolded && this.schema.properties && !(name in this.schema.properties));
  }

  unfold() {
    this.unfolded = true;
    this.redraw();
  }

  /* Short names matter to those who write {{ … }} by hand. */
  namesSwitch() {
    const { texts } = this.store;
    const hasNames = Object.values(this.node.members || {}).some((member) =>
      member.names || (member.items && Object.values(member.items.members || {}).some((one) => one.names) && !holdsBlocks(member)));
    if (!hasNames || this.schemas.showsNames) return "";
    const show = () => {
      this.schemas.showsNames = true;
      this.redraw();
    };
    return button(texts.show_names, show, { kind: "quiet", icon: "tag", "data-do": "names" });
  }

  drawMore() {
    const folded = Object.entries(this.node.members || {}).filter(
      ([name, member]) => member.more && isBlank(this.data[name]) && isShown(member, this.data),
    );
    const texts = this.store.texts;
    const titles = folded.map(([, member]) => member.title).join(", ");
    const foreign = this.foreign.map((title) => h("p.sayr-editor-notice", {}, say(texts.foreign, { title })));
    this.more.replaceChildren(...foreign, this.namesSwitch());
    if (!folded.length || this.unfolded) return;
    const unfold = button(texts.more_fields, () => this.unfold(), { icon: "plus", kind: "quiet", "aria-expanded": "false" });
    this.more.append(unfold, h("span.sayr-editor-more-names", {}, titles));
  }
}

/** The row of a list that a control belongs to: "where§0".
    @param {Element} control */
function rowOf(control) {
  const [, name, index] = (control.getAttribute("name") || "").split("§");
  return index !== undefined && /^\d+$/.test(index) ? `${name}§${index}` : "";
}

/** What an added element begins with: the first of the choices where one has to be made.
    @param {Value} item @param {Record<string, Field>} members */
function preset(item, members) {
  if (!isGroup(item) || item.fresh || Object.values(item).some(isLong)) return false;
  for (const [name, member] of Object.entries(members)) {
    if (member.kind === "choice" && member.required) item[name] = member.choices?.[0];
  }
  return true;
}

/** @param {Value} value */
function isLong(value) {
  return (typeof value === "string" || Array.isArray(value)) && value.length > 0;
}

/** @param {Value} data @returns {Value} */
function blankAs(data) {
  if (Array.isArray(data)) return [];
  if (data === null || typeof data !== "object") return "";
  return Object.fromEntries(Object.entries(data).map(([name, inner]) => [name, blankAs(inner)]));
}

/** Chosen under “Add a field”: it becomes a field.
    @param {Value} data */
function settle(data) {
  if (Array.isArray(data)) data.forEach(settle);
  if (!isGroup(data)) return;
  for (const [key, value] of Object.entries(data)) {
    if (key === ADD) {
      delete data[ADD];
      if (typeof value === "string" && value) data[value] = "";
    } else settle(value);
  }
}

/** @param {Value} data @param {Drawable} schema */
function fill(data, schema) {
  if (schema.oneOf) {
    const names = isGroup(data) ? Object.keys(data).join() : "";
    const chosen = schema.oneOf.find((one) => fits(one, data) && Object.keys(one.properties || {}).join() === names);
    if (chosen) fill(data, chosen);
  } else if (schema.type === "object" && isGroup(data)) {
    for (const [name, inner] of Object.entries(schema.properties || {})) {
      if (data[name] === undefined || data[name] === null) data[name] = blankOf(inner);
      fill(data[name], inner);
    }
  } else if (schema.type === "array" && Array.isArray(data)) data.forEach((item) => fill(item, schema.items || {}));
}

/** @param {Drawable} schema @returns {Value} */
function blankOf(schema) {
  if (schema.oneOf || schema.type === "object") return {};
  return schema.type === "array" ? [] : "";
}

/** @param {Value} left @param {Value} right @returns {boolean} */
function same(left, right) {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((one, index) => same(one, right[index]));
  }
  if (!isGroup(left) || !isGroup(right)) return left === right;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && same(left[key], right[key]));
}
