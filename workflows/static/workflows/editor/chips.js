/* Values in a text as people call them: “Order number · C-1019” for {{ trigger.order_number }}. */

import { button, h, say } from "./dom.js";
import { reachable, type } from "./values.js";

/** @import { TextInput, ValueGroup } from "../../types" */
/** @import { Store } from "./store.js" */

const VALUE = /\{\{\s*([A-Za-z_][\w.[\]-]*)\s*\}\}/g;

/** @typedef {{path: string, from: number, to: number}} Written where a value stands in a text */
/** @typedef {Written & {label: string, example: string, group: string}} Chip */

/** The values of a text that are one simple path. What has a filter stays code.
    @param {string} text @returns {Written[]} */
export function valuesIn(text) {
  return [...text.matchAll(VALUE)].map((found) => ({ path: found[1], from: found.index, to: found.index + found[0].length }));
}

/** Those of them that somebody could have picked, with their names and examples.
    @param {string} text @param {ValueGroup[]} groups @returns {Chip[]} */
export function chipsOf(text, groups) {
  return valuesIn(text).flatMap((one) => {
    for (const group of groups) {
      const item = group.items.find(({ path }) => path === one.path);
      if (item) return [{ ...one, label: item.label, example: item.example, group: group.title }];
    }
    return [];
  });
}

/** The text without one of its values, and without the gap that it leaves.
    @param {string} text @param {Written} value */
export function without(text, { from, to }) {
  const [before, after] = [text.slice(0, from), text.slice(to)];
  const isGap = before.endsWith(" ") && (after === "" || after.startsWith(" "));
  return (isGap ? before.slice(0, -1) : before) + after;
}

/** Draws the chips of a field into `line`.
    @param {Store} store @param {HTMLElement} line @param {TextInput} input */
export function drawChips(store, line, input) {
  const chips = chipsOf(input.value, reachable(store));
  const key = JSON.stringify(chips);
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  line.hidden = !chips.length;
  line.replaceChildren(...chips.map((chip, index) => chipOf(store, line, input, chip, index)));
}

/** @param {Store} store @param {HTMLElement} line @param {TextInput} input @param {Chip} chip @param {number} index */
function chipOf(store, line, input, chip, index) {
  const { texts } = store;
  const take = () => {
    type(input, without(input.value, chip));
    drawChips(store, line, input);
    const left = line.querySelectorAll("button");
    (left[Math.min(index, left.length - 1)] || input).focus();
  };
  const remove = button(say(texts.remove_value, { name: chip.label }), take, { icon: "cross", iconOnly: true, kind: "tool" });
  remove.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" || event.key === "Delete") take();
    const by = stepOf(event.key, getComputedStyle(line).direction === "rtl");
    const buttons = line.querySelectorAll("button");
    if (by) (buttons[index + by] || (by < 0 ? input : remove)).focus();
    if (by || event.key === "Backspace") event.preventDefault();
  });
  const sample = chip.example ? h("span.sayr-editor-chip-sample", {}, h("bdi", {}, chip.example)) : "";
  return h("li.sayr-editor-chip", { title: `${chip.group}: ${chip.path}`, "data-path": chip.path }, h("bdi", {}, chip.label), sample, remove);
}

/** Which way an arrow goes along the line of reading.
    @param {string} key @param {boolean} isRtl */
export function stepOf(key, isRtl) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[key] || 0;
  return isRtl ? -by || 0 : by;
}
