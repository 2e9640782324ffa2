// What can be done with steps: nothing is lost, names stay unique, what reads a step follows it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { DEEPEST } from "../../workflows/static/workflows/editor/blocks.js";
import { Edits, mark } from "../../workflows/static/workflows/editor/edits.js";
import { eachStep } from "../../workflows/static/workflows/editor/names.js";
import { heard, step, storeOf } from "./support.mjs";

const ACTIONS = {
  approval: { label: "Ask", steers: true, blank: { to: "", reminders: [] }, blocks: { reminders: { text: "Hello" } } },
  for_each: { label: "For each", steers: true, blank: { items: "", steps: [] } },
};
let store, edits;

beforeEach(() => {
  store = storeOf({ steps: [step("a"), step("b", "send_email", { to: "{{ steps.a.output }}" }), step("loop", "for_each", { items: "", steps: [step("c")] })] }, ACTIONS);
  edits = new Edits(store);
});

const names = (list = store.form.steps) => list.map(({ name }) => name);
const all = () => {
  const found = [];
  eachStep(store.form.steps, ({ name }) => found.push(name));
  return found;
};

test("each step gets a mark of its own, and keeps it", () => {
  for (const one of store.form.steps) delete one.uid;
  mark(store.form);
  const uids = store.form.steps.map(({ uid }) => uid);
  assert.equal(new Set(uids).size, 3);
  mark(store.form);
  assert.deepEqual(store.form.steps.map(({ uid }) => uid), uids);
});

test("a step is added after the chosen one, or at the end of a list, and is shown", () => {
  edits.add("send_email", "steps/0");
  assert.deepEqual(names(), ["a", "send_email", "b", "loop"]);
  assert.equal(store.part, "steps/1");
  assert.equal(store.isFresh("steps/1"), true);
  edits.add("send_email", null, "steps/3/params/steps");
  assert.deepEqual(names(store.form.steps[3].params.steps), ["c", "send_email_2"]);
  assert.equal(store.part, "steps/3/params/steps/1");
});

test("what a new step begins with is its own", () => {
  edits.add("approval");
  store.form.steps[3].params.reminders.push({});
  edits.add("approval");
  assert.deepEqual(store.form.steps[4].params.reminders, []);
});

test("a block begins with what its action says", () => {
  edits.add("approval");
  edits.addBlock("steps/3/params/reminders", { kind: "object", members: { text: { kind: "text" } } });
  assert.deepEqual(store.form.steps[3].params.reminders, [{ text: "Hello" }]);
});

test("a copy has marks and names of its own, and reads its own steps", () => {
  store.form.steps[2].params.steps.push(step("d", "send_email", { to: "{{ steps.c.output }}{{ steps.a.output }}" }));
  edits.duplicate("steps/2");
  const copy = store.form.steps[3];
  assert.deepEqual(all(), ["a", "b", "loop", "c", "d", copy.name, "c_2", "d_2"]);
  assert.equal(copy.params.steps[1].params.to, "{{ steps.c_2.output }}{{ steps.a.output }}");
  assert.equal(store.form.steps[2].params.steps[1].params.to, "{{ steps.c.output }}{{ steps.a.output }}");
  const uids = [];
  eachStep(store.form.steps, ({ uid }) => uids.push(uid));
  assert.equal(new Set(uids).size, uids.length);
});

test("a copy lies behind what it was made of, and is new", () => {
  store.form.steps[0].label = "Tell";
  edits.duplicate("steps/0");
  assert.deepEqual(store.form.steps.map(({ label }) => label), ["Tell", "Tell (copy)", "", ""]);
  assert.equal(store.form.steps[1].fresh, true);
  assert.equal(store.part, "steps/1");
});

test("a copied lane has a name that no other lane has", () => {
  store.form.steps.push(step("both", "parallel", { branches: [{ name: "one", steps: [step("left")] }, { name: "two", steps: [] }] }));
  edits.duplicate("steps/3/params/branches/0");
  assert.deepEqual(names(store.form.steps[3].params.branches), ["one", "one_2", "two"]);
  assert.deepEqual(names(store.form.steps[3].params.branches[1].steps), ["left_2"]);
});

test("a step moves by one, and not beyond the ends", () => {
  edits.move("steps/0", -1);
  assert.deepEqual(names(), ["a", "b", "loop"]);
  edits.move("steps/0", 1);
  assert.deepEqual(names(), ["b", "a", "loop"]);
  assert.equal(store.part, "steps/1");
  edits.move("steps/2", 1);
  assert.deepEqual(names(), ["b", "a", "loop"]);
});

for (const [part, path, at, after, chosen] of [
  ["steps/0", "steps", 3, ["b", "loop", "c", "a"], "steps/2"],
  ["steps/0", "steps", 1, ["a", "b", "loop", "c"], "steps/0"],
  ["steps/2", "steps", 0, ["loop", "c", "a", "b"], "steps/0"],
  ["steps/0", "steps/2/params/steps", 0, ["b", "loop", "a", "c"], "steps/1/params/steps/0"],
  ["steps/2/params/steps/0", "steps", 0, ["c", "a", "b", "loop"], "steps/0"],
  ["steps/2", "steps/2/params/steps", 0, ["a", "b", "loop", "c"], "trigger"], // into itself
]) {
  test(`${part} moved to ${path}, place ${at}`, () => {
    edits.moveTo(part, path, at);
    assert.deepEqual(all(), after);
    assert.equal(store.part, chosen);
  });
}

test("deeper than the deepest is refused, with a word, and nothing moves", () => {
  let list = store.form.steps;
  let path = "steps";
  for (let level = 0; level < DEEPEST; level += 1) {
    list.unshift(step(`level${level}`, "for_each", { items: "", steps: [] }));
    list = list[0].params.steps;
    path += "/0/params/steps";
  }
  const told = heard(store, "toast");
  assert.equal(edits.insert([step("one")], path, 0), true);
  assert.equal(edits.insert([step("two", "for_each", { steps: [step("three")] })], path, 0), false);
  assert.deepEqual(names(list), ["one"]);
  assert.deepEqual(told.map(([, { text }]) => text), [`At most ${DEEPEST}`]);
});

test("several are taken out together; the one in the first's place is shown", () => {
  const gone = edits.take(["steps/0", "steps/2/params/steps/0"]);
  assert.deepEqual(names(gone), ["a", "c"]);
  assert.deepEqual(all(), ["b", "loop"]);
  assert.equal(store.part, "steps/0");
});

test("after the last of an inner list the step around it is shown; after the last of all the trigger", () => {
  edits.take(["steps/2/params/steps/0"]);
  assert.equal(store.part, "steps/2");
  edits.take(["steps/0", "steps/1", "steps/2"]);
  assert.equal(store.part, "trigger");
});

test("what was deleted is named, and how many there were", () => {
  const told = heard(store, "toast");
  store.form.steps[0].label = "Tell them";
  edits.remove(["steps/0"]);
  edits.remove(["steps/1"]);
  edits.add("send_email");
  edits.remove(["steps/0", "steps/1"]);
  assert.deepEqual(told.map(([, { text }]) => text), ["Deleted: Tell them", "Deleted: Loop", "2 deleted"]);
});

test("another action keeps what both have in the same form", () => {
  store.form.steps[1].timeout = "30s";
  edits.setAction("steps/1", "approval");
  const [, changed] = store.form.steps;
  assert.deepEqual(changed.params, { to: "{{ steps.a.output }}", reminders: [] });
  assert.equal(changed.timeout, ""); // one that steers is never tried again, nor cut off
  edits.setAction("steps/1", "for_each");
  assert.deepEqual(changed.params, { items: "", steps: [] });
});

test("the name follows the label while the step is new, and what reads it follows the name", () => {
  store.form.steps[0].fresh = true;
  edits.setLabel("steps/0", "Look up");
  assert.equal(store.form.steps[0].name, "look_up");
  assert.equal(store.form.steps[1].params.to, "{{ steps.look_up.output }}");
  delete store.form.steps[0].fresh;
  edits.setLabel("steps/0", "Search");
  assert.equal(store.form.steps[0].name, "look_up");
});
