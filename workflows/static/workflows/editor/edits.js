/* What can be done with steps: add, duplicate, move, delete, rename. Each can be undone. */

import { blankOf } from "./blocks.js";
import { say } from "./dom.js";
import { eachStep, nameFor, namesIn, renameReferences } from "./names.js";

let counter = 0;

export function mark(form) {
  eachStep(form.steps, (step) => { step.uid = step.uid || newUid(); });
}

function newUid() {
  counter += 1;
  return `${Date.now().toString(36)}${counter}`;
}

export class Edits {
  constructor(store) {
    this.store = store;
  }

  /* Adds a step after `part`; at the end of `path` if there is none. */
  add(action, part = null, path = "steps") {
    const { list, index } = part ? this.store.listOf(part) : { list: this.store.get(path), index: Infinity };
    const at = Math.min(index + 1, list.length);
    list.splice(at, 0, this.blank(action));
    this.done(`${part ? part.split("/").slice(0, -1).join("/") : path}/${at}`);
  }

  addBlock(path, node) {
    const list = this.store.get(path);
    list.push(blankOf(node));
    this.done(`${path}/${list.length - 1}`);
  }

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
      retry: { attempts: "", delay: "", backoff: "", max_delay: "" },
      kept: {},
    };
  }

  duplicate(part) {
    const { list, index, path } = this.store.listOf(part);
    const copy = structuredClone(list[index]);
    if (copy.label) copy.label = say(this.store.texts.copy_of, { name: copy.label });
    const taken = namesIn(this.store.form);
    eachStep([copy], (step) => {
      Object.assign(step, { uid: newUid(), fresh: true });
      step.name = nameFor(step === copy && step.label ? step.label : step.name, step.action, taken);
      taken.add(step.name);
    });
    list.splice(index + 1, 0, copy);
    this.done(`${path}/${index + 1}`);
  }

  move(part, by) {
    const { list, index, path } = this.store.listOf(part);
    const to = index + by;
    if (to < 0 || to >= list.length) return;
    list.splice(to, 0, ...list.splice(index, 1));
    this.done(`${path}/${to}`);
  }

  remove(part) {
    const { list, index, path } = this.store.listOf(part);
    const [gone] = list.splice(index, 1);
    const next = list.length ? `${path}/${Math.min(index, list.length - 1)}` : "trigger";
    this.done(next);
    const name = gone.label || (this.store.choices.actions[gone.action] || {}).label || gone.name || this.store.texts.step_word;
    this.store.tell("toast", {
      text: say(this.store.texts.deleted, { name }),
      undo: () => {
        list.splice(Math.min(index, list.length), 0, gone);
        this.done(`${path}/${Math.min(index, list.length - 1)}`);
      },
    });
  }

  /* Another action: what both have stays. */
  setAction(part, action) {
    const step = this.store.get(part);
    const fresh = this.blank(action);
    for (const [name, value] of Object.entries(fresh.params)) {
      const before = step.params && step.params[name];
      if (before !== undefined && typeof before === typeof value && Array.isArray(before) === Array.isArray(value)) {
        fresh.params[name] = before;
      }
    }
    Object.assign(step, { action, params: fresh.params, kept: {} });
    delete step.was;
    this.done(part);
  }

  /* While a step is new its short name follows the label. */
  setLabel(part, label) {
    const step = this.store.get(part);
    step.label = label;
    if (step.fresh) this.rename(step, nameFor(label, step.action, namesIn(this.store.form, step)));
    this.store.changed();
  }

  rename(step, name) {
    renameReferences(this.store.form, step.name, name);
    step.name = name;
  }

  done(part) {
    this.store.left.add(this.store.keyOf(this.store.part));
    this.store.part = part;
    this.store.changed({ redraw: true });
    this.store.tell("part");
  }
}
