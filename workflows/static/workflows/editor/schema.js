/* The schema that django-jsonform draws, for one node of an action and the data at hand.

   A field is drawn by what its data is: where the action wants a list and the workflow has one
   {{ … }}, a text field is shown. So nothing that is stored is ever changed by being drawn. */

import { say } from "./dom.js";

export const ADD = "+"; // a field of the form only: which field to add to a group

export class Schemas {
  constructor(store) {
    this.store = store;
    this.texts = store.texts;
  }

  /* `siblings`: the data of the object that the node is a member of. */
  of(node, data, siblings = {}, unfolded = true) {
    const said = { title: node.title, helpText: node.help || "", required: Boolean(node.required) };
    if (typeof data === "string") return { ...said, ...this.text(node, data, siblings) };
    return { ...said, description: said.helpText, ...this.structure(node, data || {}, siblings, unfolded) };
  }

  text(node, data, siblings) {
    const choices = this.choicesOf(node, siblings);
    if (!choices || data.includes("{{")) {
      const long = node.long || node.kind === "json" || data.includes("\n") || isStructure(node);
      return long ? { type: "string", widget: "textarea" } : { type: "string" };
    }
    return { type: "string", choices: this.withBlank(node, choices, data) };
  }

  choicesOf(node) {
    const { tables, references } = this.store.choices;
    if (node.kind === "table") return tables || [];
    if (node.kind === "reference") return referenced(references || {}, node.source);
    if (node.kind === "boolean") return this.yesNo();
    if (node.kind === "choice") return (node.choices || []).map((value) => choice(value, value));
    return node.options && node.options.length ? node.options : null;
  }

  yesNo() {
    return [choice("true", this.texts.yes), choice("false", this.texts.no)];
  }

  withBlank(node, choices, data) {
    const blank = node.usual ? say(this.texts.usual, { value: node.usual }) : this.texts.nothing;
    const first = choice("", node.required ? this.texts.choose : blank);
    const all = [first, ...choices.filter((one) => one.value !== node.usual || data === one.value)];
    const known = all.some((one) => one.value === data);
    return known ? all : [...all, choice(data, say(this.texts.gone, { value: data }))];
  }

  structure(node, data, siblings, unfolded) {
    switch (node.kind) {
      case "list":
        return { type: "array", maxItems: 200, items: this.item(node.items, data) };
      case "object":
        return this.object(this.shownMembers(node, data, unfolded), data);
      case "fields":
        return this.fields(data, siblings[node.source]);
      case "parameters":
        return this.parameters(node, data, siblings[node.source]);
      default:
        return { type: "array", maxItems: 200, items: this.row(node, data) };
    }
  }

  shownMembers(node, data, unfolded) {
    const shown = Object.entries(node.members || {}).filter(
      ([name, member]) => !isOwn(member) && (unfolded || !member.more || !isBlank(data[name])),
    );
    return Object.fromEntries(shown);
  }

  object(members, data) {
    const properties = {};
    for (const [name, member] of Object.entries(members)) {
      properties[name] = this.of(member, data[name], data);
    }
    return { type: "object", properties };
  }

  /* All items of a list are drawn alike, so what the first one is decides. */
  item(node, data) {
    const title = "";
    if (node.kind === "object") return { ...this.object(node.members, data[0] || {}), title };
    return { ...this.of({ ...node, title: "", help: "" }, "", {}), title, required: false };
  }

  row(node, data) {
    const long = data.some && data.some((row) => String(row.v).includes("\n"));
    const value = { type: "string", title: this.texts.value, ...(long ? { widget: "textarea" } : {}) };
    return { type: "object", title: "", properties: { k: { type: "string", title: this.texts.key }, v: value } };
  }

  fields(data, table) {
    const known = this.store.choices.fields[table] || {};
    const properties = {};
    for (const name of Object.keys(data)) {
      if (name !== ADD) properties[name] = this.of(fieldNode(name, known[name]), data[name]);
    }
    const free = Object.keys(known).filter((name) => !(name in data));
    if (free.length) {
      const choices = free.map((name) => choice(name, known[name].title));
      const first = choice("", this.texts.add_field_choose);
      properties[ADD] = { type: "string", title: this.texts.add_field, choices: [first, ...choices] };
    }
    return { type: "object", properties, ...(table ? {} : { helpText: this.texts.choose_table, description: this.texts.choose_table }) };
  }

  parameters(node, data, template) {
    const known = this.store.choices.parameters[template] || [];
    const properties = {};
    for (const name of [...known, ...Object.keys(data).filter((one) => !known.includes(one))]) {
      const title = known.includes(name) || !template ? spelt(name) : say(this.texts.gone, { value: name });
      properties[name] = this.of({ ...node.items, title, required: known.includes(name) }, data[name] || "");
    }
    const empty = template ? this.texts.no_parameters : this.texts.choose_template;
    return { type: "object", properties, ...(Object.keys(properties).length ? {} : { description: empty }) };
  }
}

export function nodeAt(schemas, node, data, path) {
  let here = node;
  let value = data;
  let around = {};
  for (const key of path) {
    if (!here) return null;
    if (here.kind === "fields") here = fieldNode(key, (schemas.store.choices.fields[around[here.source]] || {})[key]);
    else if (key === "k") here = { kind: "text", template: false };
    else if (here.kind === "list" || here.kind === "parameters") here = here.items;
    else if (here.kind === "object") here = here.members[key];
    else if (key === "v") here = here.items || { kind: "text" };
    if (value && !Array.isArray(value)) around = value;
    value = value ? value[key] : undefined;
  }
  return here;
}

export function spelt(key) {
  const words = key.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function isBlank(data) {
  if (data === undefined || data === null || data === "") return true;
  return typeof data === "object" && Object.values(data).every(isBlank);
}

/* Steps and conditions inside parameters have places of their own on the page. */
function isOwn(node) {
  return node.kind === "steps" || node.kind === "condition";
}

function isStructure(node) {
  return ["list", "object", "map", "fields", "parameters"].includes(node.kind);
}

function fieldNode(name, known) {
  const { title = spelt(name), choices = [], long = false, boolean = false } = known || {};
  return { kind: boolean ? "boolean" : "text", title, options: choices, long };
}

function choice(value, title) {
  return { value, title };
}

/* "connection:slack,teams" names two kinds. */
function referenced(references, source) {
  const [family, names = ""] = source.split(":");
  return names.split(",").flatMap((name) => references[`${family}:${name.trim()}`] || []);
}
