// Short names of steps: made from what people call them, unique, changed wherever they are read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachStep, nameFor, nameItems, namesIn, renameReferences, stepTitle } from "../../workflows/static/workflows/editor/names.js";

const step = (name, params = {}, more = {}) => ({ name, action: "send_email", params, ...more });

for (const [label, action, taken, name] of [
  ["Tell the customer", "send_email", [], "tell_the_customer"],
  ["  Crédit — été  ", "send_email", [], "credit_ete"],
  ["2nd try", "send_email", [], "nd_try"],
  ["أرسل رسالة", "send_email", [], "send_email"],
  ["", "send_email", [], "send_email"],
  ["…", "…", [], "step"],
  ["Tell", "send_email", ["tell"], "tell_2"],
  ["Tell", "send_email", ["tell", "tell_2", "tell_4"], "tell_3"],
  ["x".repeat(80), "send_email", [], "x".repeat(50)],
]) {
  test(`“${label}” of ${action} beside ${JSON.stringify(taken)} is called ${name}`, () => {
    assert.equal(nameFor(label, action, new Set(taken)), name);
  });
}

test("every name fits the language's pattern", () => {
  for (const label of ["-", "_a_", "9", "A b", "ß", "İstanbul", `${"a".repeat(49)} b`, "🙂", "a\u0301"]) {
    assert.match(nameFor(label, "", new Set()), /^[a-z][a-z0-9_]{0,62}$/);
  }
});

test("all steps are found, those inside others too, the outer first", () => {
  const inner = step("inner");
  const outer = step("outer", { cases: [{ steps: [inner] }] }, { on_error: { steps: [step("then")] } });
  const seen = [];
  eachStep([outer, "text", null, step("last")], ({ name }) => seen.push(name));
  assert.deepEqual(seen, ["outer", "inner", "then", "last"]);
  assert.deepEqual(namesIn({ steps: [outer] }, inner), new Set(["outer", "then"]));
});

for (const [text, key, after] of [
  ["{{ steps.old.output.id }}", "subject", "{{ steps.new.output.id }}"],
  ["{% if steps.old.status %}{{ steps.old.output }}{% endif %}", "text", "{% if steps.new.status %}{{ steps.new.output }}{% endif %}"],
  ["steps.old.output.id", "field", "steps.new.output.id"],
  ["steps.old.output.id", "subject", "steps.old.output.id"], // words, no template
  ["{{ steps.older.output }}", "subject", "{{ steps.older.output }}"],
  ["{{ steps.old-one.output }}", "subject", "{{ steps.old-one.output }}"],
  ["{{ mysteps.old.output }}", "subject", "{{ mysteps.old.output }}"],
  ["{{ steps.old }} and steps.old", "text", "{{ steps.new }} and steps.old"],
  ["{{\nsteps.old\n}}", "text", "{{\nsteps.new\n}}"],
  ["{{ steps.constructor.output }}", "text", "{{ steps.constructor.output }}"],
]) {
  test(`after renaming, ${key}: ${JSON.stringify(text)} reads ${JSON.stringify(after)}`, () => {
    const form = { steps: [step("reader", { [key]: text, list: [{ [key]: text }] })], on_failure: [step("late", { [key]: text })], head: { output: [{ k: "x", [key]: text }] } };
    renameReferences(form, { old: "new" });
    assert.equal(form.steps[0].params[key], after);
    assert.equal(form.steps[0].params.list[0][key], after);
    assert.equal(form.on_failure[0].params[key], after);
    assert.equal(form.head.output[0][key], after);
  });
}

test("two steps that exchange their names exchange what reads them", () => {
  const form = { steps: [step("reader", { text: "{{ steps.a.output }}{{ steps.b.output }}" })] };
  renameReferences(form, { a: "b", b: "a" });
  assert.equal(form.steps[0].params.text, "{{ steps.b.output }}{{ steps.a.output }}");
});

const AS = { key: "key", label: "label" };

test("what was added is named after its label, and named anew while it is new", () => {
  const list = [{ label: "Yes", key: "" }];
  assert.equal(nameItems(list, null, AS), true);
  assert.deepEqual(list, [{ label: "Yes", key: "yes", fresh: "1" }]);
  const before = structuredClone(list);
  list[0].label = "Yes, please";
  assert.equal(nameItems(list, before, AS), true);
  assert.equal(list[0].key, "yes_please");
  assert.equal(nameItems(list, structuredClone(list), AS), false);
});

test("two of the same label have two names", () => {
  const list = [{ label: "Yes", key: "yes" }, { label: "Yes", key: "" }];
  nameItems(list, null, AS);
  assert.equal(list[1].key, "yes_2");
});

test("a short name that somebody typed stays", () => {
  const before = [{ label: "Yes", key: "yes", fresh: "1" }];
  const list = [{ label: "Yes", key: "agreed", fresh: "1" }];
  assert.equal(nameItems(list, before, AS), true);
  assert.deepEqual(list, [{ label: "Yes", key: "agreed" }]);
  list[0].label = "Of course";
  assert.equal(nameItems(list, [{ label: "Yes", key: "agreed" }], AS), false);
  assert.equal(list[0].key, "agreed");
});

test("a step is called by its label, else by a name that somebody chose, else by what it does", () => {
  const action = { label: "Send a mail" };
  const cases = [
    [{ label: "Tell them", name: "send_email", action: "send_email" }, "Tell them"],
    [{ label: "", name: "tell_them", action: "send_email" }, "Tell them"],
    [{ label: "", name: "send_email", action: "send_email" }, "Send a mail"],
    [{ label: "", name: "send_email_12", action: "send_email" }, "Send a mail"],
    [{ label: "", name: "", action: "send_email" }, "Send a mail"],
  ];
  assert.deepEqual(cases.map(([one]) => stepTitle(one, action)), cases.map(([, title]) => title));
  assert.equal(stepTitle({ action: "gone" }, undefined), "gone");
});
