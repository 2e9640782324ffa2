/* Steps and conditions inside an action's parameters: branches, loops and the like.

   An action says where they are (kind "steps", kind "condition"), alone or in the items of a list.
   Such an item is a block: a card of its own in the flow, with a page of its own. */

/** @import { Field, Group, Step, Value } from "../../types" */
/** @import { Store } from "./store.js" */

export const DEEPEST = 5; // lists of steps inside one another

/** @typedef {{path: string, list: Step[], index: number, within: string}} Around a list of steps around a part */
/** @typedef {{earlier: Set<string>, loops: string[], reminding: Set<string>, afterError: boolean}} Seen */

/** @param {Field} node */
export function isOwn(node) {
  return node.kind === "steps" || node.kind === "condition";
}

/** @param {Field | undefined} node @param {string} kind */
export function ownMembers(node, kind) {
  return Object.entries((node && node.members) || {}).filter(([, member]) => member.kind === kind);
}

/** Whether the items of a list are blocks.
    @param {Field} node @returns {boolean} */
export function holdsBlocks(node) {
  return node.kind === "list" && Object.values(node.items?.members || {}).some(isOwn);
}

/** Whether an action holds steps.
    @param {Field | undefined} node */
export function holdsSteps(node) {
  return Object.values((node && node.members) || {}).some((member) => member.kind === "steps" || holdsBlocks(member));
}

/** @param {Value} form @returns {form is Step} */
export function isStep(form) {
  return isGroup(form) && typeof form.action === "string" && "params" in form;
}

/** @param {Value} value @returns {value is Group} */
export function isGroup(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Whether a member is to be seen beside these.
    @param {Field} member @param {Group} data */
export function isShown(member, data) {
  return Object.entries(member.when || {}).every(([name, values]) => {
    const now = data[name];
    if (values.length) return typeof now === "string" && values.includes(now);
    return (typeof now === "string" || Array.isArray(now)) && now.length > 0;
  });
}

/** The node of a block, found along its path: "steps/1/params/cases/0".
    @param {Store} store @param {string} part @returns {Field | null | undefined} */
export function nodeOf(store, part) {
  /** @type {Value} */
  let here = store.form;
  /** @type {Field | null | undefined} */
  let node = null;
  for (const key of part.split("/")) {
    if (isStep(here) && key === "params") node = store.choices.actions[here.action]?.node;
    else if (node && node.kind === "list") node = node.items;
    else if (node && node.kind === "steps") node = null;
    else if (node) node = (node.members || {})[key];
    here = memberOf(here, key);
  }
  return node;
}

/** @param {Value} here @param {string} key @returns {Value} */
export function memberOf(here, key) {
  if (Array.isArray(here)) return here[Number(key)];
  return isGroup(here) ? here[key] : undefined;
}

/** @param {Field} node @returns {Value} */
export function blankOf(node) {
  if (node.kind === "condition") return { mode: "always", rows: [] };
  if (["list", "map", "json", "steps"].includes(node.kind)) return [];
  if (node.kind === "object") {
    return Object.fromEntries(Object.entries(node.members || {}).map(([name, member]) => [name, blankOf(member)]));
  }
  return ["one", "fields", "parameters"].includes(node.kind) ? {} : "";
}

/** Each list of steps around a part, the outermost first: {path, index, within}. `within` is the path
   from the step above to the list: "params/cases/0/steps", "on_error/steps".
    @param {Store} store @param {string} part */
export function listsAround(store, part) {
  /** @type {Around[]} */
  const found = [];
  const keys = part.split("/");
  let start = 0;
  /** @type {Value} */
  let here = store.form;
  keys.forEach((key, at) => {
    if (Array.isArray(here) && here.every(isStep) && /^\d+$/.test(key) && at) {
      found.push({ path: keys.slice(0, at).join("/"), list: here, index: Number(key), within: keys.slice(start, at).join("/") });
      start = at + 1;
    }
    here = memberOf(here, key);
  });
  return found;
}

/** How many lists of steps lie around the list at `path`.
    @param {Store} store @param {string} path */
export function depthOf(store, path) {
  return listsAround(store, `${path}/0`).length - (Array.isArray(store.get(path)) ? 1 : 0);
}

/** How many lists of steps lie inside one another in a value.
    @param {Value} value @returns {number} */
export function heightOf(value) {
  if (Array.isArray(value)) {
    const inner = Math.max(0, ...value.map(heightOf));
    return value.length && value.every(isStep) ? inner + 1 : inner;
  }
  return value && typeof value === "object" ? Math.max(0, ...Object.values(value).map(heightOf)) : 0;
}

/** What can be read at a part: the steps before it, the lists it goes through, whose reminder it is.
    @param {Store} store @param {string} part */
export function readableAt(store, part) {
  const lists = listsAround(store, part);
  /** @type {Seen} */
  const seen = { earlier: new Set(), loops: [], reminding: new Set(), afterError: part.startsWith("on_failure") };
  if (seen.afterError) everyName(store.form.steps, seen.earlier);
  lists.forEach(({ list, index }, level) => {
    list.slice(0, index).forEach((step) => seen.earlier.add(step.name));
    const above = list[index];
    const within = level + 1 < lists.length ? lists[level + 1].within : part.split("/").slice(lists[level].path.split("/").length + 1).join("/");
    if (!above || !within) return;
    if (within.startsWith("on_error")) {
      seen.afterError = true;
      seen.earlier.add(above.name);
    }
    if (within === "params/on_timeout" || within.startsWith("params/until")) seen.earlier.add(above.name);
    if (within.startsWith("params/reminders")) seen.reminding.add(above.name);
    if (above.action === "for_each" && within === "params/steps") seen.loops.unshift(above.name);
    if (/^params\/branches\/\d+$/.test(within)) everyName(store.at(part).steps, seen.earlier);
  });
  const last = lists[lists.length - 1];
  const step = last && last.list[last.index];
  if (step && part === `${last.path}/${last.index}`) inside(step, seen);
  return seen;
}

/** The own page of a loop asks about, and hands back, what its steps have done.
    @param {Step} step @param {Seen} seen */
function inside(step, seen) {
  if (!["repeat", "for_each"].includes(step.action)) return;
  everyName(step.params.steps, seen.earlier);
  if (step.action === "for_each") seen.loops.unshift(step.name);
}

/** @param {Value} value @param {Set<string>} names */
function everyName(value, names) {
  if (Array.isArray(value)) value.forEach((one) => everyName(one, names));
  else if (value && typeof value === "object") {
    if (isStep(value)) names.add(value.name);
    Object.values(value).forEach((one) => everyName(one, names));
  }
}
