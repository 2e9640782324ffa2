// A condition's rows: what a change of the field or the comparison does to the value.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Condition } from "../../workflows/static/workflows/editor/condition.js";
import { storeOf, withoutPage } from "./support.mjs";

class Undrawn extends Condition {
  draw() {}

  refocus() {}
}

const OPERATORS = [
  { name: "equals", label: "is", kinds: ["text", "choice", "number", "any"], wants: "value" },
  { name: "in", label: "is one of", kinds: ["text", "choice", "any"], wants: "list" },
  { name: "between", label: "is between", kinds: ["number", "any"], wants: "pair" },
  { name: "older_than", label: "is longer ago than", kinds: ["date", "any"], wants: "duration" },
  { name: "exists", label: "is there", kinds: ["text", "choice", "number", "date", "any"], wants: "nothing" },
];
let store, condition, changes;

beforeEach(() => {
  withoutPage();
  store = storeOf({});
  store.choices.operators = OPERATORS;
  store.groups = [{ root: "trigger", title: "", items: [
    { path: "trigger.total", label: "", example: "", kind: "number" },
    { path: "trigger.status", label: "", example: "", kind: "choice", choices: [{ value: "new", title: "New" }] },
  ] }];
  changes = 0;
  const form = { mode: "all", rows: [{ field: "trigger.status", operator: "equals", value: "new" }] };
  condition = new Undrawn(store, { form, onChange: () => { changes += 1; }, words: {}, legend: "" });
});

for (const [operator, value, next, after] of [
  ["equals", "a", "in", ["a"]],
  ["equals", "", "in", []],
  ["equals", "a", "between", []],
  ["in", ["a", "b"], "equals", "a"],
  ["in", [], "equals", ""],
  ["equals", "a", "exists", ""],
  ["equals", "a", "older_than", ""],
  ["older_than", "2h", "older_than", "2h"],
  ["in", ["a", "b"], "between", ["a", "b"]],
]) {
  test(`from “${operator}” ${JSON.stringify(value)} to “${next}”: ${JSON.stringify(after)}`, () => {
    const row = { field: "", operator, value };
    condition.setOperator(row, next);
    assert.deepEqual(row, { field: "", operator: next, value: after });
    assert.equal(changes, 1);
  });
}

test("a field that the comparison does not fit gets the first that fits, and a value that fits it", () => {
  const [row] = condition.form.rows;
  Object.assign(row, { operator: "in", value: ["new"] });
  condition.setField(row, "trigger.total");
  assert.deepEqual(row, { typed: false, field: "trigger.total", operator: "equals", value: "new" });
});

test("a field with choices begins without a value", () => {
  const [row] = condition.form.rows;
  Object.assign(row, { field: "trigger.total", operator: "in", value: ["5"] });
  condition.setField(row, "trigger.status");
  assert.deepEqual([row.operator, row.value], ["in", []]);
});

test("another field is one that people type", () => {
  const [row] = condition.form.rows;
  condition.setField(row, "\u0000other");
  assert.deepEqual([row.typed, row.field], [true, ""]);
});

test("always has no rows; anything else has at least one", () => {
  condition.setMode("always");
  assert.deepEqual(condition.form.rows, []);
  condition.setMode("any");
  assert.deepEqual(condition.form, { mode: "any", rows: [{ field: "", operator: "equals", value: "" }] });
});
