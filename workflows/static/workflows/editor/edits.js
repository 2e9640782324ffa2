/* What can be done with steps: add, copy, move, delete, rename. Each can be undone. */

import { DEEPEST, blankOf, depthOf, heightOf, isStep } from "./blocks.js";
import { say } from "./dom.js";
import { eachStep, nameFor, namesIn, renameReferences, stepTitle } from "./names.js";

/** @import { Block, Field, Form, Step, Value } from "../../types" */
/** @import { Store } from "./store.js" */

let counter = 0;

/** @param {Form} form */
export function mark(form) {
  eachStep([form.steps, form.on_failure || []], (step) => { step.uid = step.uid || newUid(); });
}

function newUid() {
  counter += 1;
  return `${Date.now().toString(36)}${counter}`;
}

export class Edits {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
  }

  /** Adds a step after `part`; at the end of `path` if there is none.
      @param {string} action @param {string | null} [part] @param {string} [path] */
  add(action, part = null, path = "steps") {
    const list = part ? this.store.listOf(part).path : path;
    const at = part ? this.store.listOf(part).index + 1 : this.store.list(list).length;
    this.insert([this.blank(action)], list, at);
  }

  /** @param {string} path @param {Field} node */
  addBlock(path, node) {
    const list = this.store.list(path);
    const step = this.store.step(path.slice(0, path.lastIndexOf("/params/")));
    const made = this.store.choices.actions[step.action]?.blocks || {};
    list.push(structuredClone(made[path.slice(path.lastIndexOf("/") + 1)] || /** @type {Block} */ (blankOf(node))));
    this.done(`${path}/${list.length - 1}`);
  }

  /** @param {string} action @returns {Step} */
  blank(action) {
    const known = this.store.choices.actions[action];
    return {
      uid: newUid(),
      fresh: true,
      name: nameFor("", action, namesIn(this.store.form)),
      label: "",
      action,
      params: structuredClone(known.blank),
      condition: { mode: "always", rows: [] },
      on_error: "",
      timeout: "",
      after_crash: "",
      retry: { attempts: "", delay: "", backoff: "", max_delay: "" },
      kept: {},
    };
  }

  /** Puts steps into a list. Says whether they may lie there.
      @param {Block[]} steps @param {string} path @param {number} at */
  insert(steps, path, at) {
    if (!this.fits(steps, path)) return false;
    this.store.list(path).splice(at, 0, ...steps);
    this.done(`${path}/${at}`);
    return true;
  }

  /** @param {Value[]} steps @param {string} path */
  fits(steps, path) {
    if (depthOf(this.store, path) + heightOf(steps) <= DEEPEST + 1) return true;
    this.store.tell("toast", { text: say(this.store.texts.too_deep, { count: DEEPEST }) });
    return false;
  }

  /** Makes names that are free here, also where the steps read one another.
      @template {Block} Kind
      @param {Kind[]} steps */
  renamed(steps) {
    const taken = namesIn(this.store.form);
    /** @type {Record<string, string>} */
    const names = {};
    eachStep(steps, (step) => {
      Object.assign(step, { uid: newUid() });
      const name = taken.has(step.name) ? nameFor(step.fresh && step.label ? step.label : step.name, step.action, taken) : step.name;
      names[step.name] = name;
      step.name = name;
      taken.add(name);
    });
    renameReferences({ steps }, names);
    return steps;
  }

  /** @param {string} part */
  duplicate(part) {
    const { list, index, path } = this.store.listOf(part);
    const copy = structuredClone(list[index]);
    if (copy.label) copy.label = say(this.store.texts.copy_of, { name: copy.label });
    eachStep([copy], (step) => { step.fresh = true; });
    if (!isStep(copy) && copy.name) copy.name = nameFor(copy.label || copy.name, "lane", new Set(list.map((one) => one.name)));
    this.renamed([copy]);
    list.splice(index + 1, 0, copy);
    this.done(`${path}/${index + 1}`);
  }

  /** @param {string} part @param {number} by */
  move(part, by) {
    const { list, index, path } = this.store.listOf(part);
    const to = index + by;
    if (to < 0 || to >= list.length) return;
    list.splice(to, 0, ...list.splice(index, 1));
    this.done(`${path}/${to}`);
  }

  /** Moves a step into another list, or elsewhere in its own: before the one at `at`.
      @param {string} part @param {string} path @param {number} at */
  moveTo(part, path, at) {
    if (`${path}/`.startsWith(`${part}/`)) return;
    const { list, index, path: from } = this.store.listOf(part);
    const target = this.store.list(path);
    if (!this.fits([list[index]], path)) return;
    const [step] = list.splice(index, 1);
    const to = list === target && at > index ? at - 1 : Math.min(at, target.length);
    target.splice(to, 0, step);
    this.done(`${shifted(path, from, index)}/${to}`);
  }

  /** @param {string[]} parts */
  remove(parts) {
    const [gone] = this.take(parts);
    const { texts, choices } = this.store;
    const name = stepTitle(gone, choices.actions[gone.action || ""]) || texts.step_word;
    const text = parts.length > 1 ? say(texts.deleted_several, { count: parts.length }) : say(texts.deleted, { name });
    this.store.tell("toast", { text, undo: () => this.store.tell("undo") });
  }

  /** Takes steps out, and shows the one that stands in the place of the first now. `parts` in their
     order, none inside another: the last goes first, so that the others stay where they are.
      @param {string[]} parts */
  take(parts) {
    const gone = [...parts].reverse().map((part) => {
      const { list, index } = this.store.listOf(part);
      return list.splice(index, 1)[0];
    });
    const { list, index, path } = this.store.listOf(parts[0]);
    const above = path.replace(/\/(params|on_error)\/(?!.*\/(params|on_error)\/).*$/, "");
    const isTop = above === path;
    this.done(list.length ? `${path}/${Math.min(index, list.length - 1)}` : isTop ? "trigger" : above);
    return gone.reverse();
  }

  /** Another action: what both have stays.
      @param {string} part @param {string} action */
  setAction(part, action) {
    const step = this.store.step(part);
    const fresh = this.blank(action);
    for (const [name, value] of Object.entries(fresh.params)) {
      const before = step.params && step.params[name];
      if (before !== undefined && typeof before === typeof value && Array.isArray(before) === Array.isArray(value)) {
        fresh.params[name] = before;
      }
    }
    const kept = this.store.choices.actions[action]?.steers ? { retry: fresh.retry, timeout: "", after_crash: "" } : {};
    Object.assign(step, { action, params: fresh.params, kept: {}, ...kept });
    delete step.was;
    this.done(part);
  }

  /** While a step is new its short name follows the label.
      @param {string} part @param {string} label */
  setLabel(part, label) {
    const step = this.store.step(part);
    step.label = label;
    if (step.fresh) this.rename(step, nameFor(label, step.action, namesIn(this.store.form, step)));
    this.store.changed();
  }

  /** @param {Step} step @param {string} name */
  rename(step, name) {
    renameReferences(this.store.form, { [step.name]: name });
    step.name = name;
  }

  /** @param {string} part */
  done(part) {
    this.store.left.add(this.store.keyOf(this.store.part));
    this.store.part = part;
    this.store.changed({ redraw: true });
    this.store.tell("part");
  }
}

/** A path after the element `index` of the list at `from` was taken out.
    @param {string} path @param {string} from @param {number} index */
function shifted(path, from, index) {
  if (!path.startsWith(`${from}/`)) return path;
  const [first, ...rest] = path.slice(from.length + 1).split("/");
  const number = Number(first);
  return number > index ? [from, number - 1, ...rest].join("/") : path;
}
