// Undo and redo give back the form as it was.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { History } from "../../workflows/static/workflows/editor/history.js";
import { step, storeOf, withoutPage } from "./support.mjs";

let store, history;

beforeEach(() => {
  withoutPage();
  store = storeOf({ steps: [step("a")] });
  store.write();
  history = new History(store, {});
});

function add(name) {
  store.form.steps.push(step(name));
  store.changed({ redraw: true });
}

function type(letters) {
  for (const letter of letters) {
    store.form.steps[0].label += letter;
    store.changed();
  }
}

const names = () => store.form.steps.map(({ name }) => name);

test("each change is undone and done again, in their order", () => {
  add("b");
  add("c");
  history.undo();
  assert.deepEqual(names(), ["a", "b"]);
  history.undo();
  assert.deepEqual(names(), ["a"]);
  history.undo();
  assert.deepEqual(names(), ["a"]);
  history.redo();
  history.redo();
  history.redo();
  assert.deepEqual(names(), ["a", "b", "c"]);
  assert.equal(store.source.value, JSON.stringify(store.form));
});

test("letters typed in a row are one change; a change of the steps between them ends the row", () => {
  type("Tell");
  add("b");
  type(" them");
  history.undo();
  assert.equal(store.form.steps[0].label, "Tell");
  history.undo();
  assert.deepEqual(names(), ["a"]);
  history.undo();
  assert.equal(store.form.steps[0].label, "");
});

test("typing in another part is another change", () => {
  store.choose("steps/0");
  type("Tell");
  store.choose("trigger");
  store.form.head.name = "Other";
  store.changed();
  history.undo();
  assert.deepEqual([store.form.head.name, store.form.steps[0].label], ["Orders", "Tell"]);
});

test("a new change after an undo ends what could be done again", () => {
  add("b");
  history.undo();
  add("c");
  history.redo();
  assert.deepEqual(names(), ["a", "c"]);
});

test("what was told without a change is no change", () => {
  store.changed({ redraw: true });
  store.changed();
  assert.equal(history.past.length, 0);
});

test("the part shown after an undo exists", () => {
  add("b");
  store.choose("steps/1");
  type("x");
  history.undo();
  history.undo();
  assert.deepEqual(names(), ["a"]);
  assert.ok(store.get(store.part));
});

for (const [keys, isOurs, after] of [
  [{ ctrlKey: true, key: "z" }, true, ["a"]],
  [{ metaKey: true, key: "Z" }, true, ["a"]],
  [{ ctrlKey: true, key: "z" }, false, ["a", "b"]], // another field of the page has its own
  [{ key: "z" }, true, ["a", "b"]],
  [{ ctrlKey: true, altKey: true, key: "z" }, true, ["a", "b"]],
  [{ ctrlKey: true, key: "x" }, true, ["a", "b"]],
]) {
  test(`${JSON.stringify(keys)} in ${isOurs ? "the editor" : "another field"}: ${after}`, () => {
    add("b");
    press(keys, isOurs);
    assert.deepEqual(names(), after);
  });
}

test("with Shift, or with Y, it is done again", () => {
  add("b");
  for (const keys of [{ key: "z", shiftKey: true }, { key: "y" }]) {
    history.undo();
    press({ ctrlKey: true, ...keys }, true);
    assert.deepEqual(names(), ["a", "b"]);
  }
});

function press(keys, isOurs) {
  history.key({ ...keys, target: { closest: () => null }, preventDefault() {} }, { contains: () => isOurs });
}

test("no more than a hundred are kept, the last ones", () => {
  for (let number = 0; number < 120; number += 1) add(`n${number}`);
  for (let number = 0; number < 120; number += 1) history.undo();
  assert.equal(store.form.steps.length, 21);
});
