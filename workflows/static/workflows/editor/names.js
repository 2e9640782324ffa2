/* Short names of steps: made from the label, unique, and changed in every place that uses them. */

/** @import { Action, Form, Group, Head, Step, Value } from "../../types" */

import { isStep } from "./blocks.js";
import { spelt } from "./schema.js";

const STEP_TEXTS = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;

/** @param {string} label @param {string} action @param {Set<unknown>} taken */
export function nameFor(label, action, taken) {
  const base = slug(label) || slug(action) || "step";
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  return name;
}

/** @param {string} text */
function slug(text) {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "").slice(0, 50);
}

/** What people call a step: its label, else its short name as words. A name that was made of the
    action's says less than what the action is called. `step_title` on the server is the same.
    @param {{label?: string, name?: string, action?: string}} step @param {Action | undefined} action */
export function stepTitle({ label, name = "", action: kind = "" }, action) {
  const isMade = name.replace(/_\d+$/, "") === kind;
  return label || (isMade ? "" : spelt(name)) || action?.label || kind;
}

/** @param {Form} form @param {Step | null} [except] */
export function namesIn(form, except = null) {
  /** @type {Set<string>} */
  const names = new Set();
  eachStep(form, (step) => { if (step !== except) names.add(step.name); });
  return names;
}

/** @param {Value} value @param {(step: Step) => void} visit */
export function eachStep(value, visit) {
  if (Array.isArray(value)) value.forEach((inner) => eachStep(inner, visit));
  else if (value && typeof value === "object") {
    if (isStep(value)) visit(value);
    Object.values(value).forEach((inner) => eachStep(inner, visit));
  }
}

/** Changes `steps.old…` to `steps.new…` wherever the form reads it. `names`: old to new.
    @param {{steps: Value, on_failure?: Value, head?: Head}} form @param {Record<string, string>} names */
export function renameReferences(form, names) {
  const changed = Object.entries(names).filter(([old, name]) => old && old !== name);
  if (!changed.length) return;
  const known = Object.fromEntries(changed);
  const wanted = /\bsteps\.([a-z][a-z0-9_]*)(?![\w-])/g;
  /** @param {string} text */
  const put = (text) => text.replace(wanted, (whole, name) => (Object.hasOwn(known, name) ? `steps.${known[name]}` : whole));
  /** @param {Value} value @param {string} key @returns {Value} */
  const walk = (value, key) => {
    if (typeof value === "string") {
      return key === "field" && !value.includes("{") ? put(value) : value.replace(STEP_TEXTS, put);
    }
    if (Array.isArray(value)) return value.map((inner) => walk(inner, key));
    if (!value || typeof value !== "object") return value;
    for (const inner of Object.keys(value)) value[inner] = walk(value[inner], inner);
    return value;
  };
  walk(form.steps, "");
  if (form.on_failure) walk(form.on_failure, "");
  if (form.head) form.head.output = walk(form.head.output, "");
}

/** Gives each object of a list a short name made from what people call it. `before` is the list as it
   was: a short name that somebody typed stays. Says whether it changed anything.
    @param {Group[]} list @param {Group[] | null} before @param {{key: string, label: string}} names */
export function nameItems(list, before, { key, label }) {
  let changed = false;
  list.forEach((item, index) => {
    if (!item || typeof item !== "object") return;
    const was = before && before[index];
    if (was && was.fresh && item.fresh && was[label] === item[label] && item[key] !== was[key]) {
      delete item.fresh;
      changed = true;
    }
    if (!item.fresh && item[key]) return;
    const said = item[label];
    if (typeof said !== "string" || !said) return;
    const others = new Set(list.filter((one) => one !== item).map((one) => one[key]));
    const name = nameFor(said, "item", others);
    if (name === item[key] && item.fresh) return;
    Object.assign(item, { [key]: name, fresh: "1" });
    changed = true;
  });
  return changed;
}
