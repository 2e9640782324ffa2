// What can be inserted at a place: nothing that is not there yet when the step runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { reachable } from "../../workflows/static/workflows/editor/values.js";
import { step, storeOf } from "./support.mjs";

const group = (root, name) => ({ root, step: name, title: `${root} ${name}`, items: [{ path: root === "item" ? "item.id" : `${root}.${name}`, label: "", example: "", kind: "text" }] });
const GROUPS = [
  group("trigger"), group("steps", "first"), group("steps", "ask"), group("steps", "last"),
  group("item", "outer"), group("item", "inner"), group("reminder", "ask"), group("error"), group("tenant"),
];
const inner = step("inner", "for_each", { steps: [step("deep")] });
const store = storeOf({
  steps: [step("first"), step("ask", "approval", { reminders: [{}] }), step("outer", "for_each", { steps: [inner] }), step("last")],
  on_failure: [step("sorry")],
});
store.groups = GROUPS;

for (const [part, titles] of [
  ["trigger", ["trigger", "tenant"]],
  ["steps/0", ["trigger", "tenant"]],
  ["steps/3", ["trigger", "steps first", "steps ask", "tenant"]],
  ["steps/1/params/reminders/0", ["trigger", "steps first", "reminder ask", "tenant"]],
  ["steps/2/params/steps/0/params/steps/0", ["trigger", "steps first", "steps ask", "item outer", "item inner", "tenant"]],
  ["on_failure/0", ["trigger", "steps first", "steps ask", "steps last", "error", "tenant"]],
]) {
  test(`at ${part}`, () => {
    store.part = part;
    assert.deepEqual(reachable(store).map(({ title }) => title.replace(" undefined", "")), titles);
  });
}

test("the element of a list further out is read through outer", () => {
  store.part = "steps/2/params/steps/0/params/steps/0";
  const items = reachable(store).filter(({ root }) => root === "item").map(({ title, items: [{ path }] }) => [title, path]);
  assert.deepEqual(items, [["item outer", "outer.item.id"], ["item inner", "item.id"]]);
  assert.equal(GROUPS[4].items[0].path, "item.id"); // what the server said is not changed
});
