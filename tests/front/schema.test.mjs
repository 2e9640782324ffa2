// The schema that django-jsonform draws: made for the data at hand, so that drawing changes nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ADD, Schemas, fits, isBlank, spelt } from "../../workflows/static/workflows/editor/schema.js";

const TEXTS = { choose: "Choose", nothing: "Nothing", usual: "{value} (as usual)", gone: "{value} (gone)", yes: "Yes", no: "No", falling: "{field}, the greatest first", value: "Value", key: "Name", field: "Field", add_field: "Add", add_field_choose: "Which?", choose_table: "First the table", choose_template: "First the template", no_parameters: "It has none" };
const CHOICES = {
  words: { green: "Green" },
  operators: [{ name: "equals", label: "is" }],
  tables: [{ value: "orders", title: "Orders" }],
  readable: { orders: { total: { title: "Total" } } },
  fields: { orders: { note: { title: "Note", long: true }, paid: { title: "Paid", boolean: true } } },
  creatable: { orders: { number: { title: "Number" } } },
  references: { "connection:slack": [{ value: "s", title: "S" }], "connection:teams": [{ value: "t", title: "T" }], workflow: [{ value: "w", title: "W" }] },
};
const schemas = (data = {}, choices = {}) => new Schemas({ texts: TEXTS, choices: { ...CHOICES, ...choices } }, () => data);
const values = (schema) => schema.choices.map(({ value }) => value);
const titles = (schema) => schema.choices.map(({ title }) => title);

test("a template where a list was wanted is drawn as a text", () => {
  const node = { kind: "list", title: "To", items: { kind: "text" } };
  assert.equal(schemas().of(node, ["{{ trigger.all }}"]).type, "string");
  assert.equal(schemas().of(node, [["a", "b"]]).type, "array");
  assert.equal(schemas().of(node, [undefined]).type, "array");
});

for (const [what, node, data, expected] of [
  ["a text", { kind: "text" }, ["a"], { type: "string" }],
  ["a long text", { kind: "text", long: true }, ["a"], { type: "string", widget: "textarea" }],
  ["a text of two lines", { kind: "text" }, ["a\nb"], { type: "string", widget: "textarea" }],
  ["a text that is the JSON of a group", { kind: "json" }, ["{}"], { type: "string", widget: "textarea" }],
  ["a template where a choice was wanted", { kind: "choice", choices: ["a"] }, ["{{ trigger.x }}"], { type: "string" }],
]) {
  test(`${what} is drawn as ${JSON.stringify(expected)}`, () => assert.deepEqual(schemas().text(node, data), expected));
}

test("a choice offers a blank one, the choices by their names, and what is stored though it is gone", () => {
  const node = { kind: "choice", choices: ["green", "equals", "dark_red"], words: { dark_red: "Wine" } };
  const schema = schemas().text(node, ["old"]);
  assert.deepEqual(values(schema), ["", "green", "equals", "dark_red", "old"]);
  assert.deepEqual(titles(schema), ["Nothing", "Green", "is", "Wine", "old (gone)"]);
});

test("a required choice asks; the usual one stands for the blank one, unless it is stored", () => {
  assert.equal(titles(schemas().text({ kind: "boolean", required: true }, []))[0], "Choose");
  const node = { kind: "boolean", usual: "true" };
  assert.deepEqual(titles(schemas().text(node, [])), ["Yes (as usual)", "No"]);
  assert.deepEqual(values(schemas().text(node, ["true"])), ["", "true", "false"]);
});

for (const [node, data, expected] of [
  [{ kind: "table" }, {}, ["orders"]],
  [{ kind: "reference", source: "workflow" }, {}, ["w"]],
  [{ kind: "reference", source: "connection:slack, teams,mail" }, {}, ["s", "t"]],
  [{ kind: "reference", source: "nothing" }, {}, []],
  [{ kind: "column", source: "table" }, { table: "orders" }, ["total"]],
  [{ kind: "column", source: "table", sorts: true }, { table: "orders" }, ["total", "-total"]],
  [{ kind: "column", source: "table" }, { table: "gone" }, []],
]) {
  test(`what a ${node.kind} of ${node.source} offers beside ${JSON.stringify(data)}`, () => {
    assert.deepEqual(schemas(data).choicesOf(node).map(({ value }) => value), expected);
  });
}

test("an object leaves out steps, conditions, and short names until they are asked for", () => {
  const node = { kind: "object", members: { label: { kind: "text" }, key: { kind: "text", names: "label" }, when: { kind: "condition" }, steps: { kind: "steps" } } };
  const made = schemas();
  assert.deepEqual(Object.keys(made.of(node, [{}]).properties), ["label"]);
  made.showsNames = true;
  assert.deepEqual(Object.keys(made.of(node, [{}]).properties), ["label", "key"]);
});

test("one of several: an option has exactly its key", () => {
  const node = { kind: "one", members: { email: { kind: "text", title: "E-mail" }, phone: { kind: "text", title: "Phone" } } };
  const { oneOf } = schemas().of(node, [{ phone: "1" }]);
  assert.deepEqual(oneOf.map(({ properties }) => Object.keys(properties)), [[], ["email"], ["phone"]]);
  assert.equal(fits({ oneOf }, { phone: "1" }), true);
  assert.equal(fits({ oneOf }, {}), true);
  assert.equal(fits({ oneOf }, { phone: "1", email: "" }), false);
  assert.equal(fits({ oneOf }, "text"), false);
});

test("the fields of a table: those in use, and a choice of the others", () => {
  const node = { kind: "fields", source: "table" };
  const { properties } = schemas({ table: "orders" }).of(node, [{ note: "x", gone_field: "y", [ADD]: "" }]);
  assert.deepEqual(Object.keys(properties), ["note", "gone_field", ADD]);
  assert.equal(properties.note.widget, "textarea");
  assert.equal(properties.gone_field.title, "Gone field");
  assert.deepEqual(values(properties[ADD]), ["", "paid"]);
  const created = schemas({ table: "orders" }).of({ ...node, creates: true }, [{ number: "1" }]);
  assert.deepEqual(Object.keys(created.properties), ["number"]);
});

test("before a table is chosen a word says so", () => {
  assert.equal(schemas({}).of({ kind: "fields", source: "table", help: "Help." }, [{}]).description, "Help. First the table");
  assert.equal(schemas({ table: "orders" }).of({ kind: "fields", source: "table" }, [{}]).description, "");
  assert.equal(schemas({}).of({ kind: "parameters", source: "template" }, [{}]).description, "First the template");
  assert.equal(schemas({ template: "x" }).of({ kind: "parameters", source: "template" }, [{}]).description, "It has none");
});

test("the node below a place", () => {
  const cell = { kind: "text", title: "Cell" };
  const rows = { kind: "map", items: cell, payload: "event" };
  const node = { kind: "object", members: { rows, list: { kind: "list", items: { kind: "object", members: { name: cell } } }, data: { kind: "fields", source: "table" } } };
  const at = (...path) => schemas({ table: "orders" }).nodeAt(node, path);
  assert.equal(at("rows", "0", "v"), cell);
  assert.equal(at("rows", "0", "k").kind, "payload_key");
  assert.equal(at("rows", "0"), rows);
  assert.equal(at("list", "3", "name"), cell);
  assert.equal(at("data", "paid").kind, "boolean");
  assert.equal(at("nothing", "below"), undefined);
});

const OBJECT = { type: "object", properties: { a: { type: "string" }, list: { type: "array", items: { type: "string" } } } };
for (const [data, isFit] of [
  [undefined, true],
  [{}, true],
  [{ a: "x", list: ["y"] }, true],
  [{ a: 5 }, false],
  [{ a: null }, false],
  [{ list: "y" }, false],
  [{ list: [5] }, false],
  [[], false],
  ["text", false],
  [null, false],
]) {
  test(`${JSON.stringify(data)} ${isFit ? "can" : "cannot"} be drawn as it is`, () => assert.equal(fits(OBJECT, data), isFit));
}

for (const [data, blank] of [
  [undefined, true], [null, true], ["", true], [[], true], [{}, true], [{ a: ["", {}] }, true],
  ["0", false], [0, false], [false, false], [[["x"]], false],
]) {
  test(`${JSON.stringify(data)} is ${blank ? "blank" : "not blank"}`, () => assert.equal(isBlank(data), blank));
}

test("a key in words", () => assert.equal(spelt("due_at_night"), "Due at night"));
