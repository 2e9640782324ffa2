// Values in a text as chips, the light, the order of actions, what stays in view.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withoutPage } from "./support.mjs";

withoutPage();
const { chipsOf, stepOf, valuesIn, without } = await import("../../workflows/static/workflows/editor/chips.js");
const { nextOf } = await import("../../workflows/static/workflows/editor/dom.js");
const { light } = await import("../../workflows/static/workflows/editor/light.js");
const { inOrder } = await import("../../workflows/static/workflows/editor/picker.js");
const { stickAt } = await import("../../workflows/static/workflows/editor/sticky.js");

const GROUPS = [
  { title: "Event", items: [{ path: "trigger.number", label: "Order number", example: "C-1" }] },
  { title: "Step 1", items: [{ path: "steps.found.output.first.email", label: "First: E-mail", example: "" }] },
];

const TEXTS = [
  ["", []],
  ["Hello", []],
  ["{{ trigger.number }}", ["trigger.number"]],
  ["{{trigger.number}} and {{ steps.a.output.b[0].c }}", ["trigger.number", "steps.a.output.b[0].c"]],
  ["{{ trigger.number | upcase }}", []],
  ["{{ 'x' }} {% if trigger.x %}{{ trigger.x }}{% endif %}", ["trigger.x"]],
  ["{{ trigger.number", []],
  ["رقم {{ trigger.number }}", ["trigger.number"]],
];
for (const [text, paths] of TEXTS) {
  test(`the simple values of “${text}”`, () => assert.deepEqual(valuesIn(text).map((one) => one.path), paths));
}

test("a chip has the name and the example of what somebody could have picked", () => {
  const [chip, ...others] = chipsOf("No {{ trigger.number }} {{ trigger.unknown }}", GROUPS);
  assert.deepEqual([chip.label, chip.example, chip.group, others], ["Order number", "C-1", "Event", []]);
});

const REMOVED = [
  ["A {{ x.y }} B", "A B"],
  ["{{ x.y }} B", " B"],
  ["A {{ x.y }}", "A"],
  ["A{{ x.y }}B", "AB"],
  ["{{ x.y }}", ""],
];
for (const [text, left] of REMOVED) {
  test(`a value is taken out of “${text}”`, () => assert.equal(without(text, valuesIn(text)[0]), left));
}

test("arrows go along the line of reading", () => {
  assert.deepEqual(["ArrowRight", "ArrowLeft", "x"].map((key) => stepOf(key, false)), [1, -1, 0]);
  assert.deepEqual(["ArrowRight", "ArrowLeft", "x"].map((key) => stepOf(key, true)), [-1, 1, 0]);
});

test("arrows go through a list and stop at its ends", () => {
  assert.deepEqual([nextOf(-1, 1, 3), nextOf(-1, -1, 3), nextOf(0, 1, 3), nextOf(2, 1, 3), nextOf(0, -1, 3)], [0, 2, 1, 2, 0]);
});

test("what is used most comes first, then what is looked for first", () => {
  const actions = { note: { uses: 0, order: 9 }, mail: { uses: 0, order: 1 }, hook: { uses: 4, order: 7 } };
  assert.deepEqual(inOrder(actions).map(([name]) => name), ["hook", "mail", "note"]);
});

const texts = { some_wrong: "{count} wrong", not_finished: "not finished", being_tried: "trying", connections_off: "off: {names}" };
const state = (more) => ({ texts, problems: [], off: "", trial: null, isDue: (one) => !one.empty, ...more });
const LIGHTS = [
  [{}, "open", "trying"],
  [{ trial: { state: "ran", text: "ran", part: "" } }, "good", "ran"],
  [{ trial: { state: "fails", text: "fails", part: "steps/1" } }, "bad", "fails"],
  [{ trial: { state: "unknown", text: "who knows", part: "" } }, "open", "who knows"],
  [{ trial: { state: "invalid", text: "", part: "" } }, "open", "trying"],
  [{ problems: [{ part: "steps/0" }], trial: { state: "ran", text: "ran", part: "" } }, "bad", "1 wrong"],
  [{ problems: [{ part: "steps/0", empty: true }] }, "open", "not finished"],
  [{ off: "WhatsApp", trial: { state: "ran", text: "ran", part: "" } }, "bad", "off: WhatsApp"],
];
for (const [more, tone, text] of LIGHTS) {
  test(`the light: ${JSON.stringify(more)}`, () => {
    const shown = light(state(more));
    assert.deepEqual([shown.tone, shown.text], [tone, text]);
  });
}

test("a column sticks at the top, and a long one with its end", () => {
  assert.deepEqual([stickAt(300, 800), stickAt(792, 800), stickAt(1000, 800)], [8, 8, -200]);
});
