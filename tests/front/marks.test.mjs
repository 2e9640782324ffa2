/* The buttons above a formatted text. */

import assert from "node:assert/strict";
import test from "node:test";

import { applied } from "../../workflows/static/workflows/messages/marks.js";

/** @param {string} mark @param {string} text what is selected stands between [ and ] */
function done(mark, text, says = "words") {
  const from = text.indexOf("⟦");
  const to = text.indexOf("⟧") - 1;
  const plain = text.replace("⟦", "").replace("⟧", "");
  const edit = applied(mark, plain, from, to, says);
  const made = plain.slice(0, edit.from) + edit.text + plain.slice(edit.to);
  return `${made.slice(0, edit.selectFrom)}⟦${made.slice(edit.selectFrom, edit.selectTo)}⟧${made.slice(edit.selectTo)}`;
}

const CASES = [
  ["bold", "a ⟦word⟧ b", "a **⟦word⟧** b"],
  ["bold", "a **⟦word⟧** b", "a ⟦word⟧ b"],
  ["bold", "a⟦ word ⟧b", "a **⟦word⟧** b"],
  ["bold", "a ⟦⟧", "a **⟦⟧**"],
  ["italic", "a **⟦word⟧** b", "a ***⟦word⟧*** b"],
  ["italic", "a *⟦word⟧* b", "a ⟦word⟧ b"],
  ["heading", "one\ntw⟦⟧o\nthree", "one\n\n## two⟦⟧\nthree"],
  ["heading", "## t⟦⟧o", "to⟦⟧"],
  ["list", "⟦a\nb⟧", "- a\n- b⟦⟧"],
  ["list", "⟦- a\n- b⟧", "a\nb⟦⟧"],
  ["link", "see ⟦here⟧.", "see [here](⟦https://⟧)."],
  ["link", "see ⟦⟧", "see [words](⟦https://⟧)"],
  ["button", "⟦Pay⟧", '[Pay](⟦https://⟧ "button")'],
];

for (const [mark, before, after] of CASES) {
  test(`${mark}: ${JSON.stringify(before)}`, () => assert.equal(done(mark, before), after));
}
