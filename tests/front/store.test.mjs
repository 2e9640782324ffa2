// What is edited: parts by their paths, and which problems are due to be seen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { heard, step, storeOf } from "./support.mjs";

const nested = () => storeOf({ steps: [step("first"), step("choose", "branch", { cases: [{ label: "A", steps: [step("inner")] }] })] });
const problem = (part, more = {}) => ({ part, area: "params", at: [], text: "…", ...more });

test("parts are found by their paths; what is not there is undefined", () => {
  const store = nested();
  assert.equal(store.get("trigger"), store.form.head);
  assert.equal(store.get("settings"), store.form.head);
  assert.equal(store.get("steps/1/params/cases/0/steps/0").name, "inner");
  assert.equal(store.get("steps/7/params/cases"), undefined);
  const { list, index, path } = store.listOf("steps/1/params/cases/0");
  assert.deepEqual([list, index, path], [store.form.steps[1].params.cases, 0, "steps/1/params/cases"]);
});

test("a change is written and told once", () => {
  const store = nested();
  const told = heard(store, "form");
  store.form.steps.pop();
  store.changed();
  assert.equal(JSON.parse(store.source.value).steps.length, 1);
  assert.deepEqual(told, [["form", { redraw: false }]]);
});

test("an answer changes only what it speaks of", () => {
  const store = nested();
  store.learn({ problems: [problem("steps/0")], summaries: { trigger: {} }, text: "{}" });
  store.learn({ text: "" });
  assert.equal(store.problems.length, 1);
  assert.deepEqual(store.summaries, { trigger: {} });
  assert.equal(store.text, "");
});

test("after another form came, a part that it lacks is no longer the chosen one", () => {
  const store = nested();
  store.choose("steps/1");
  store.replace({ head: {}, steps: [step("only")], on_failure: [] });
  assert.equal(store.part, "trigger");
  store.choose("steps/0");
  store.replace({ head: {}, steps: [step("other")], on_failure: [] });
  assert.equal(store.part, "steps/0");
});

test("a field that is only empty is a mistake once its new step was left", () => {
  const store = nested();
  store.form.steps[0].fresh = true;
  store.learn({ problems: [problem("steps/0", { empty: true }), problem("steps/0")] });
  assert.equal(store.problemsOf("steps/0").length, 1);
  store.choose("steps/0");
  assert.equal(store.problemsOf("steps/0").length, 1);
  store.choose("trigger");
  assert.equal(store.problemsOf("steps/0").length, 2);
});

test("what was left stays left when steps move", () => {
  const store = nested();
  for (const one of store.form.steps) one.fresh = true;
  store.choose("steps/0");
  store.choose("trigger");
  store.form.steps.reverse();
  store.learn({ problems: [problem("steps/0", { empty: true }), problem("steps/1", { empty: true })] });
  assert.equal(store.problemsOf("steps/1").length, 1);
  assert.equal(store.problemsOf("steps/0").length, 0);
});

for (const [what, more, count] of [
  ["a stored step shows all its mistakes at once", {}, 1],
  ["after a refused save everything shows", { show_problems: true }, 1],
]) {
  test(what, () => {
    const store = storeOf({ steps: [step("first")] }, {}, more);
    store.learn({ problems: [problem("steps/0", { empty: true })] });
    assert.equal(store.problemsOf("steps/0").length, count);
  });
}

test("the head is new as long as the workflow is", () => {
  assert.equal(storeOf({}).isFresh("trigger"), true);
  assert.equal(storeOf({}, {}, { definition: "1" }).isFresh("settings"), false);
});

test("while no company is chosen there is nothing to choose, and no harm", () => {
  const { choices } = storeOf({}, {}, { choices: {} });
  assert.deepEqual([choices.actions, choices.events, choices.operators], [{}, [], []]);
});

test("nothing is said of a row that was just added, until it is left", () => {
  const store = storeOf({ steps: [step("first")] }, {}, { definition: "1" });
  store.choose("steps/0");
  store.enter(["params", "where", 1]);
  store.learn({ problems: [0, 1].map((index) => problem("steps/0", { at: ["where", index, "field"], empty: true })) });
  assert.deepEqual(store.problemsOf("steps/0").map((one) => one.at[1]), [0]);
  store.leave(["params", "where", 1]);
  assert.equal(store.problemsOf("steps/0").length, 2);
  store.enter(["params", "where", 1]);
  store.choose("trigger");
  assert.equal(store.problemsOf("steps/0").length, 2);
});

test("a condition inside the parameters is a row like any other", () => {
  const store = storeOf({ steps: [step("first")] }, {}, { definition: "1" });
  store.choose("steps/0");
  store.enter(["params/until", 0]);
  store.learn({ problems: [problem("steps/0", { at: ["until", 0, "field"], empty: true })] });
  assert.deepEqual(store.problemsOf("steps/0"), []);
});
