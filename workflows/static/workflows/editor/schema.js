/* The schema that django-jsonform draws, for one node of an action and the data at hand.

   A field is drawn by what its data is: where the action wants a list and the workflow has one
   {{ … }}, a text field is shown. So nothing that is stored is ever changed by being drawn.
   The items of a list share one schema: `samples` are the data of all places that a schema draws. */

import { isGroup, isOwn } from "./blocks.js";
import { say } from "./dom.js";

/** @import { Choice, Choices, Column, Drawable, Field, Group, Texts, Value } from "../../types" */

/** @type {Field} */
const TEXT = { kind: "text" };

export const ADD = "+"; // a field of the form only: which field to add to a group

export class Schemas {
  /** root(): the data of the whole action, in which tables and templates are named.
      @param {{texts: Texts, choices: Choices}} store @param {() => Group} root */
  constructor(store, root) {
    this.showsNames = false; // short names, which follow what people call a thing
    this.store = store;
    this.texts = store.texts;
    this.root = root;
  }

  /** What is chosen in the field that this one follows: a table, a message template.
      @param {Field} node */
  chosen(node) {
    const value = this.root()[node.source || ""];
    return typeof value === "string" ? value : "";
  }

  /** @param {Field} node @param {Value[]} samples @returns {Drawable} */
  of(node, samples) {
    const given = samples.filter((one) => one !== undefined && one !== null);
    const said = { title: node.title, helpText: node.help || "", required: Boolean(node.required) };
    if (isScalar(node) || (given.length && given.every(isText))) return { ...said, ...this.text(node, given.filter(isText)) };
    const description = [said.helpText, this.hint(node)].filter(Boolean).join(" ");
    return { ...said, description, ...this.structure(node, given.filter((one) => !isText(one))) };
  }

  /** @param {Field} node @param {string[]} given @returns {Drawable} */
  text(node, given) {
    const choices = this.choicesOf(node);
    if (!choices || given.some((one) => one.includes("{{"))) {
      const long = node.long || node.kind === "json" || given.some((one) => one.includes("\n")) || !isScalar(node);
      return long ? { type: "string", widget: "textarea" } : { type: "string" };
    }
    return { type: "string", choices: this.withBlank(node, choices, given) };
  }

  /** @param {Field} node @returns {Choice[] | null} */
  choicesOf(node) {
    const { tables, references } = this.store.choices;
    if (node.kind === "table") return tables || [];
    if (node.kind === "reference") return referenced(references || {}, node.source || "");
    if (node.kind === "boolean") return this.yesNo();
    if (node.kind === "column") return this.columns(node);
    if (node.kind === "choice") return (node.choices || []).map((value) => choice(value, (node.words || {})[value] || this.word(value)));
    return node.options && node.options.length ? node.options : null;
  }

  yesNo() {
    return [choice("true", this.texts.yes), choice("false", this.texts.no)];
  }

  /** A comparison or a colour has a name that people know.
      @param {string} value */
  word(value) {
    const operator = (this.store.choices.operators || []).find((one) => one.name === value);
    return operator ? operator.label : this.store.choices.words[value] || spelt(value);
  }

  /** @param {Field} node */
  columns(node) {
    const known = Object.entries((this.store.choices.readable || {})[this.chosen(node)] || {});
    const rising = known.map(([name, field]) => choice(name, field.title));
    const falling = known.map(([name, field]) => choice(`-${name}`, say(this.texts.falling, { field: field.title })));
    return node.sorts ? [...rising, ...falling] : rising;
  }

  /** @param {Field} node @param {Choice[]} choices @param {string[]} given */
  withBlank(node, choices, given) {
    const known = choices.find((one) => one.value === node.usual);
    const usual = node.usual && say(this.texts.usual, { value: known ? known.title : node.usual });
    const first = choice("", node.required ? this.texts.choose : usual || this.texts.nothing);
    const all = [first, ...choices.filter((one) => one.value !== node.usual || given.includes(one.value))];
    const gone = [...new Set(given)].filter((value) => !all.some((one) => one.value === value));
    return [...all, ...gone.map((value) => choice(value, say(this.texts.gone, { value })))];
  }

  /** @param {Field} node @param {Value[]} given @returns {Drawable} */
  structure(node, given) {
    switch (node.kind) {
      case "list":
        return { type: "array", maxItems: 200, items: this.item(node.items || TEXT, given.flat()) };
      case "object":
        return this.object(node.members || {}, given.filter(isGroup));
      case "one":
        return this.one(node, given.filter(isGroup));
      case "fields":
        return this.fields(node, given.filter(isGroup));
      case "parameters":
        return this.parameters(node, given.filter(isGroup));
      default:
        return { type: "array", maxItems: 200, items: this.row(given.flat().filter(isGroup), node) };
    }
  }

  /** @param {Record<string, Field>} members @param {Group[]} given */
  object(members, given) {
    /** @type {Record<string, Drawable>} */
    const properties = {};
    for (const [name, member] of Object.entries(members)) {
      if (member.names && !this.showsNames) continue;
      if (!isOwn(member)) properties[name] = this.of(member, given.map((one) => one[name]));
    }
    return { type: "object", properties };
  }

  /** @param {Field} node @param {Value[]} given @returns {Drawable} */
  item(node, given) {
    const schema = this.of({ ...node, title: "", help: "" }, given);
    return { ...schema, title: "", description: "", required: false };
  }

  /** One of several: the package shows a choice, and the fields of what is chosen.
      @param {Field} node @param {Group[]} given */
  one(node, given) {
    const options = Object.entries(node.members || {}).map(([name, member]) => {
      const inner = this.of(member, given.map((one) => one[name]));
      return { type: "object", title: member.title, properties: { [name]: inner } };
    });
    // Without additionalProperties: an option then matches only data with exactly its keys.
    const none = { type: "object", title: this.texts.choose, properties: {} };
    return { oneOf: [none, ...options] };
  }

  /** @param {Group[]} given @param {Field} node */
  row(given, node) {
    const long = given.some((row) => String(row.v).includes("\n"));
    const value = { type: "string", title: this.texts.value, ...(long ? { widget: "textarea" } : {}) };
    return { type: "object", title: "", properties: { k: { type: "string", title: node.payload ? this.texts.field : this.texts.key }, v: value } };
  }

  /** @param {Field} node @param {Group[]} given */
  fields(node, given) {
    const known = this.fieldsOf(node);
    const names = [...new Set(given.flatMap((one) => Object.keys(one)))].filter((name) => name !== ADD);
    /** @type {Record<string, Drawable>} */
    const properties = {};
    for (const name of names) properties[name] = this.of(fieldNode(name, known[name]), given.map((one) => one[name]));
    const free = Object.keys(known).filter((name) => !names.includes(name));
    if (free.length) {
      const first = choice("", this.texts.add_field_choose);
      const choices = [first, ...free.map((name) => choice(name, known[name].title))];
      properties[ADD] = { type: "string", title: this.texts.add_field, choices };
    }
    return { type: "object", properties };
  }

  /** @param {Field} node @returns {Record<string, Column>} */
  fieldsOf(node) {
    const all = node.creates ? this.store.choices.creatable : this.store.choices.fields;
    return (all || {})[this.chosen(node)] || {};
  }

  /** @param {Field} node @param {Group[]} given */
  parameters(node, given) {
    const template = this.chosen(node);
    const known = (this.store.choices.parameters || {})[template] || [];
    const asked = new Map(known.map((one) => [one.value, one]));
    const others = given.flatMap((one) => Object.keys(one)).filter((name) => !asked.has(name));
    /** @type {Record<string, Drawable>} */
    const properties = {};
    for (const name of [...asked.keys(), ...new Set(others)]) {
      const one = asked.get(name);
      const title = template && !one ? say(this.texts.gone, { value: name }) : one?.title ?? spelt(name);
      const shown = { title, help: one?.help || "", required: Boolean(one && !one.optional) };
      properties[name] = this.of({ ...(node.items || TEXT), ...shown }, given.map((data) => data[name]));
    }
    return { type: "object", properties };
  }

  /** What to do before a group has any field.
      @param {Field} node */
  hint(node) {
    const chosen = this.chosen(node);
    if (node.kind === "fields" && !chosen) return this.texts.choose_table;
    if (node.kind !== "parameters") return "";
    if (!chosen) return this.texts.choose_template;
    return ((this.store.choices.parameters || {})[chosen] || []).length ? "" : this.texts.no_parameters;
  }

  /** @param {Field} node @param {string[]} path @returns {Field | undefined} */
  nodeAt(node, path) {
    return path.reduce((here, key) => here && this.below(here, key), /** @type {Field | undefined} */ (node));
  }

  /** @param {Field} node @param {string} key @returns {Field | undefined} */
  below(node, key) {
    if (key === "k") return { kind: node.payload ? "payload_key" : "text", payload: node.payload, template: false, title: node.payload ? this.texts.field : "" };
    if (node.kind === "fields") return fieldNode(key, this.fieldsOf(node)[key]);
    if (node.kind === "object" || node.kind === "one") return (node.members || {})[key];
    // Between a list of rows and the cells of one.
    if (["map", "json"].includes(node.kind) && key !== "v") return node;
    return node.items || TEXT;
  }
}

/** Whether the package can draw this data by this schema; else it would change it, or break.
    @param {Drawable} schema @param {Value} data @returns {boolean} */
export function fits(schema, data) {
  if (data === undefined) return true;
  if (schema.oneOf) return isGroup(data) && schema.oneOf.some((one) => fitsExactly(one, data));
  const { items } = schema;
  if (schema.type === "array") return Array.isArray(data) && data.every((item) => !items || fits(items, item));
  if (schema.type !== "object") return isText(data);
  return isGroup(data) && Object.entries(schema.properties || {}).every(([name, inner]) => fits(inner, data[name]));
}

/** @param {Drawable} schema @param {Group} data */
function fitsExactly(schema, data) {
  const names = Object.keys(schema.properties || {});
  return Object.keys(data).length === names.length && names.every((name) => name in data) && fits(schema, data);
}

/** @param {string} key */
export function spelt(key) {
  const words = key.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {Value} data @returns {boolean} */
export function isBlank(data) {
  if (data === undefined || data === null || data === "") return true;
  return typeof data === "object" && Object.values(data).every(isBlank);
}

/** @param {Value} data @returns {data is string} */
function isText(data) {
  return typeof data === "string";
}

/** @param {Field} node */
function isScalar(node) {
  return !["list", "object", "one", "map", "json", "fields", "parameters"].includes(node.kind);
}

/** @param {string} name @param {Column | undefined} known @returns {Field} */
function fieldNode(name, known) {
  const { title = spelt(name), choices = [], long = false, boolean = false } = known || {};
  return { kind: boolean ? "boolean" : "text", title, options: choices, long };
}

/** @param {string} value @param {string} title @returns {Choice} */
function choice(value, title) {
  return { value, title };
}

/** "connection:slack,teams" names two kinds.
    @param {Record<string, Choice[]>} references @param {string} source */
function referenced(references, source) {
  if (!source.includes(":")) return references[source] || [];
  const [family, names] = source.split(":");
  return names.split(",").flatMap((name) => references[`${family}:${name.trim()}`] || []);
}
