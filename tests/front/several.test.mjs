// Several steps chosen together.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Several } from "../../workflows/static/workflows/editor/several.js";
import { step, storeOf } from "./support.mjs";

let store, several;

beforeEach(() => {
  store = storeOf({ steps: [step("a"), step("loop", "for_each", { steps: [step("b"), step("c")] }), step("d")], on_failure: [step("sorry")] });
  several = new Several(store, {}, {}, () => {});
});

test("while nobody chooses, what is done is done to the one", () => {
  assert.equal(several.isOn, false);
  assert.deepEqual(several.orOnly("steps/2"), ["steps/2"]);
});

test("chosen steps are found in their order, also after they moved", () => {
  several.toggle("on_failure/0");
  several.toggle("steps/2");
  several.toggle("steps/0");
  assert.deepEqual(several.parts(), ["steps/0", "steps/2", "on_failure/0"]);
  store.form.steps.reverse();
  assert.deepEqual(several.orOnly("steps/1"), ["steps/0", "steps/2", "on_failure/0"]);
  several.toggle("steps/0");
  assert.deepEqual(several.parts(), ["steps/2", "on_failure/0"]);
});

test("what lies inside a chosen step comes along with it", () => {
  several.toggle("steps/1/params/steps/0");
  assert.deepEqual(several.parts(), ["steps/1/params/steps/0"]);
  several.toggle("steps/1");
  assert.deepEqual(several.parts(), ["steps/1"]);
});

for (const [from, to, parts] of [
  ["steps/0", "steps/2", ["steps/0", "steps/1", "steps/2"]],
  ["steps/2", "steps/1", ["steps/1", "steps/2"]],
  ["steps/0", "steps/1/params/steps/1", ["steps/0", "steps/1/params/steps/1"]], // another list
]) {
  test(`from ${from} to ${to}`, () => {
    several.toggle(from);
    several.reach(to);
    assert.deepEqual(several.parts(), parts);
  });
}

test("a row begins at the part that is shown if none was chosen", () => {
  store.choose("steps/1");
  several.reach("steps/2");
  assert.deepEqual(several.parts(), ["steps/1", "steps/2"]);
});

test("done: none is chosen any more", () => {
  several.toggle("steps/0");
  several.turn();
  assert.deepEqual([several.isOn, several.parts()], [false, []]);
});
