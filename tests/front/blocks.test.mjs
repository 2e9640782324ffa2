// Steps inside steps: where lists lie, how deep, and what can be read at a place.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as blocks from "../../workflows/static/workflows/editor/blocks.js";
import { storeOf, step } from "./support.mjs";

const CASES = { kind: "list", items: { kind: "object", members: { label: { kind: "text" }, when: { kind: "condition" }, steps: { kind: "steps" } } } };
const NODE = { kind: "object", members: { text: { kind: "text" }, cases: CASES, otherwise: { kind: "steps" } } };

test("a list of elements with steps or a condition holds blocks", () => {
  assert.equal(blocks.holdsBlocks(CASES), true);
  assert.ok(!blocks.holdsBlocks({ kind: "list", items: { kind: "text" } }));
  assert.ok(!blocks.holdsBlocks({ kind: "list" }));
  assert.ok(!blocks.holdsBlocks(NODE));
  assert.equal(blocks.holdsSteps(NODE), true);
  assert.equal(blocks.holdsSteps({ kind: "object", members: { text: { kind: "text" } } }), false);
  assert.equal(blocks.holdsSteps(undefined), false);
  assert.deepEqual(blocks.ownMembers(NODE, "steps").map(([name]) => name), ["otherwise"]);
});

for (const [when, data, isShown] of [
  [undefined, {}, true],
  [{ mode: ["a", "b"] }, { mode: "b" }, true],
  [{ mode: ["a", "b"] }, { mode: "c" }, false],
  [{ mode: ["a"] }, {}, false],
  [{ text: [] }, { text: "x" }, true],
  [{ text: [] }, { text: "" }, false],
  [{ rows: [] }, { rows: [] }, false],
  [{ rows: [] }, { rows: [{}] }, true],
  [{ mode: ["a"], text: [] }, { mode: "a", text: "" }, false],
]) {
  test(`${JSON.stringify(when)} beside ${JSON.stringify(data)}: ${isShown ? "shown" : "not shown"}`, () => {
    assert.equal(blocks.isShown({ kind: "text", when }, data), isShown);
  });
}

for (const [kind, blank] of [
  ["text", ""], ["number", ""], ["list", []], ["map", []], ["json", []], ["steps", []],
  ["one", {}], ["fields", {}], ["parameters", {}], ["condition", { mode: "always", rows: [] }],
]) {
  test(`a blank ${kind}`, () => assert.deepEqual(blocks.blankOf({ kind }), blank));
}

test("a blank object has all its members", () => {
  assert.deepEqual(blocks.blankOf(CASES.items), { label: "", when: { mode: "always", rows: [] }, steps: [] });
});

const inner = step("inner");
const late = step("late");
const looped = step("looped");
const loop = step("loop", "for_each", { steps: [looped, step("second")] });
const store = storeOf({
  steps: [
    step("first"),
    step("choose", "branch", { cases: [{ label: "A", when: {}, steps: [step("before"), inner] }], otherwise: [loop] }, { steps: [late] }),
    step("ask", "approval", { reminders: [{ text: "" }], on_timeout: [step("timeout")] }),
    step("both", "parallel", { branches: [{ name: "one", steps: [step("left")] }] }),
  ],
  on_failure: [step("sorry")],
}, { branch: { node: NODE }, for_each: { node: { kind: "object", members: { steps: { kind: "steps" } } } } });

test("the lists around a place, the outermost first", () => {
  const around = blocks.listsAround(store, "steps/1/params/cases/0/steps/1");
  assert.deepEqual(around.map(({ path, index, within }) => [path, index, within]), [
    ["steps", 1, "steps"],
    ["steps/1/params/cases/0/steps", 1, "params/cases/0/steps"],
  ]);
  assert.equal(around[1].list[1], inner);
});

for (const [path, depth] of [
  ["steps", 0],
  ["steps/1/params/cases/0/steps", 1],
  ["steps/1/on_error/steps", 1],
  ["steps/1/params/otherwise/0/params/steps", 2],
]) {
  test(`${path} lies in ${depth} lists`, () => assert.equal(blocks.depthOf(store, path), depth));
}

test("how high steps are: a list in a list", () => {
  assert.equal(blocks.heightOf([step("one")]), 1);
  assert.equal(blocks.heightOf([loop]), 2);
  assert.equal(blocks.heightOf(store.form.steps), 3);
  assert.equal(blocks.heightOf([]), 0);
  assert.equal(blocks.heightOf("text"), 0);
});

test("the node of a block, and of what lies in none", () => {
  assert.equal(blocks.nodeOf(store, "steps/1/params/cases/0"), CASES.items);
  assert.equal(blocks.nodeOf(store, "steps/1/params/cases"), CASES);
  assert.equal(blocks.nodeOf(store, "steps/1/params"), NODE);
  assert.equal(blocks.nodeOf(store, "steps/1"), null);
});

for (const [part, earlier, more] of [
  ["steps/0", []],
  ["steps/1", ["first"]],
  ["steps/1/params/cases/0/steps/1", ["first", "before"]],
  ["steps/1/on_error/steps/0", ["first", "choose"], { afterError: true }],
  ["steps/1/params/otherwise/0/params/steps/1", ["first", "looped"], { loops: ["loop"] }],
  ["steps/1/params/otherwise/0", ["first", "looped", "second"], { loops: ["loop"] }], // the loop's own page
  ["steps/2/params/on_timeout/0", ["first", "choose", "ask"]],
  ["steps/2/params/reminders/0", ["first", "choose"], { reminding: ["ask"] }],
  ["steps/3/params/branches/0", ["first", "choose", "ask", "left"]],
  ["on_failure/0", ["first", "choose", "before", "inner", "loop", "looped", "second", "late", "ask", "timeout", "both", "left"], { afterError: true }],
]) {
  test(`at ${part} one can read ${earlier.join(", ") || "no step"}`, () => {
    const seen = blocks.readableAt(store, part);
    assert.deepEqual([...seen.earlier].sort(), [...earlier].sort());
    assert.deepEqual({ loops: seen.loops, reminding: [...seen.reminding], afterError: seen.afterError }, { loops: [], reminding: [], afterError: false, ...more });
  });
}
