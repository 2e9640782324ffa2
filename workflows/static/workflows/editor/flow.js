/* The flow: a card for the trigger and for each step, steps inside steps below theirs. It is the
   picture of the workflow, and how people get around. */

import { DEEPEST, depthOf, holdsBlocks, holdsSteps, isGroup, isShown, isStep } from "./blocks.js";
import { button, find, h, icon, say } from "./dom.js";
import { Drag } from "./drag.js";
import { stepTitle } from "./names.js";
import { Several } from "./several.js";

/** @import { Action, Block, Children, Field, Step, Value } from "../../types" */
/** @import { Store } from "./store.js" */
/** @import { Edits } from "./edits.js" */
/** @import { Picker } from "./picker.js" */
/** @import { Clipboard } from "./clipboard.js" */
/** @import { Places } from "./moving.js" */

/** @typedef {{box?: Children, icon: string, number?: number, title: string, line: string, condition?: string,
        tools?: Children, fold?: Children, quiet?: boolean, block?: boolean}} Card */

export class Flow {
  /** @param {Store} store
      @param {Edits} edits
      @param {Picker} picker
      @param {Clipboard} clipboard
      @param {Places} places */
  constructor(store, edits, picker, clipboard, places) {
    this.store = store;
    this.edits = edits;
    this.picker = picker;
    this.clipboard = clipboard;
    this.places = places;
    /** @type {Set<string>} */
    this.folded = new Set(); // marks of the steps whose inside is not shown
    this.list = h("div");
    this.waits = false; // to be drawn anew
    this.planned = 0; // when: the browser's number for it
    this.isHeld = false;
    this.looked = ""; // what was seen of the chosen part when the cards were drawn
    this.shown = "";
    this.element = h("nav.sayr-editor-flow", { "aria-label": store.texts.flow });
    this.drag = new Drag(store, edits, this.element);
    this.several = new Several(store, edits, clipboard, () => this.draw());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.hold();
    store.on("checked", () => this.soon());
    store.on("part", () => this.soon());
    store.on("values", () => this.soon());
    // Most of what is typed shows on no card before the check has answered.
    store.on("form", ({ redraw }) => {
      if (redraw || this.look() !== this.looked) this.soon();
    });
  }

  /* What the cards show of the chosen part. */
  look() {
    const { form, part } = this.store;
    const chosen = this.store.find(part) || {};
    const { params, on_error: onError, label, name } = chosen;
    const waits = params && typeof params === "object" ? Object.values(params).map((one) => (typeof one === "string" ? one !== "" : Array.isArray(one) && one.length)) : "";
    return JSON.stringify([part, form.head.trigger_type, label, name, typeof onError, waits]);
  }

  soon() {
    this.waits = true;
    cancelAnimationFrame(this.planned);
    this.planned = requestAnimationFrame(() => {
      if (!this.isHeld && !this.drag.part) this.draw();
    });
  }

  /* A card that is drawn anew between pressing and letting go would swallow the click. */
  hold() {
    const release = () => {
      this.isHeld = false;
      if (this.waits) this.soon();
    };
    this.element.addEventListener("pointerdown", () => { this.isHeld = true; });
    for (const name of ["pointerup", "pointercancel", "dragend"]) window.addEventListener(name, release);
  }

  draw() {
    this.waits = false;
    this.looked = this.look();
    const { texts } = this.store;
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const focused = active && this.element.contains(active) ? active.dataset.focus : "";
    const empty = this.store.form.steps.length ? "" : h("p.sayr-editor-help", {}, texts.no_steps);
    const add = button(texts.add_step, () => this.pick("steps"), { icon: "plus", kind: "primary", "data-focus": "add" });
    const paste = button(texts.paste, () => this.clipboard.paste("steps"), { icon: "paste", kind: "plain", "data-focus": "paste", "data-do": "paste" });
    const tools = h("div.sayr-editor-flow-tools", {}, add, this.clipboard.isFull ? paste : "");
    this.list = h("div.sayr-editor-flow-list", {}, this.trigger(), this.steps("steps"), empty, tools, this.failing(), this.settings());
    this.element.replaceChildren(this.list, h("div.sayr-editor-flow-foot", {}, this.several.bar()));
    if (focused) find(this.element, `[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    this.reveal();
  }

  /** Opens the picker for a new step in a list, or after a part.
      @param {string} path @param {string | null} [part] */
  pick(path, part = null) {
    const list = part ? this.store.listOf(part).path : path;
    const isDeepest = depthOf(this.store, list) >= DEEPEST;
    this.picker.open((name) => this.edits.add(name, part, path), isDeepest ? (action) => !holdsSteps(action.node) : null);
  }

  /* Only when another part was chosen: who scrolls looks for something. */
  reveal() {
    if (this.shown === this.store.part) return;
    this.shown = this.store.part;
    /** @type {HTMLElement | null | undefined} */
    const card = find(this.list, '[aria-current="step"]')?.closest(".sayr-editor-card");
    card?.scrollIntoView({ block: "nearest" });
  }

  trigger() {
    const { texts, choices, form, summaries } = this.store;
    const type = form.head.trigger_type;
    const known = (choices.events || []).find((one) => one.value === type);
    const line = known ? known.title : type || texts.no_trigger;
    const condition = (summaries.trigger || {}).condition;
    return this.card("trigger", { icon: "flag", title: texts.when, line, condition });
  }

  settings() {
    const { texts } = this.store;
    return this.card("settings", { icon: "sliders", title: texts.settings, line: texts.settings_line, quiet: true });
  }

  /* What runs when the whole workflow has failed. */
  failing() {
    const { texts } = this.store;
    return h("div.sayr-editor-failing", {}, this.inner(texts.if_workflow_fails, "on_failure", "warning"));
  }

  /** @param {string} path @returns {HTMLElement} */
  steps(path) {
    const list = this.store.get(path);
    const steps = Array.isArray(list) ? list : [];
    const cards = steps.map((step, index) => (isStep(step) ? this.step(step, `${path}/${index}`, index) : ""));
    return h("ol.sayr-editor-cards", { "data-list": path }, cards);
  }

  /** @param {Step} step @param {string} part @param {number} index @returns {HTMLElement} */
  step(step, part, index) {
    const { texts, choices, summaries } = this.store;
    const action = choices.actions[step.action];
    const shown = summaries[part] || {};
    const nested = this.nestedOf(step, action, part);
    const isFolded = nested.length > 0 && this.folded.has(step.uid || "");
    const title = stepTitle(step, action);
    const card = this.card(part, {
      box: this.several.box(part, title),
      icon: action ? action.icon : "warning",
      number: index + 1,
      title,
      line: shown.line || (action ? action.description : texts.unknown_action),
      condition: shown.condition,
      tools: this.tools(part, index),
      fold: nested.length ? this.fold(step.uid || "", isFolded) : "",
    });
    return h("li", {}, card, ...(isFolded ? [] : nested));
  }

  /** @param {string} uid @param {boolean} isFolded */
  fold(uid, isFolded) {
    const { texts } = this.store;
    const turn = () => {
      if (!this.folded.delete(uid)) this.folded.add(uid);
      this.draw();
    };
    return button(isFolded ? texts.unfold : texts.fold, turn, { icon: isFolded ? "right" : "down", iconOnly: true, kind: "tool", "aria-expanded": String(!isFolded), "data-focus": `fold ${uid}` });
  }

  /** @param {Step} step @param {Action | undefined} action @param {string} part @returns {HTMLElement[]} */
  nestedOf(step, action, part) {
    const inside = this.nested(action && action.node, step.params, `${part}/params`);
    const after = typeof step.on_error === "object" ? [this.inner(this.store.texts.if_it_fails, `${part}/on_error/steps`, "warning")] : [];
    return [...inside, ...after];
  }

  /** The steps inside a step: of each of its lists, and of each of its blocks.
      @param {Field | undefined} node @param {Value} form @param {string} path @returns {HTMLElement[]} */
  nested(node, form, path) {
    if (!isGroup(form)) return [];
    return Object.entries((node && node.members) || {}).flatMap(([name, member]) => {
      const inside = `${path}/${name}`;
      const data = form[name];
      if (!Array.isArray(data) || !(isShown(member, form) || data.length)) return [];
      if (member.kind === "steps") return [this.inner(member.title || "", inside)];
      return holdsBlocks(member) ? this.blocks(member, /** @type {Block[]} */ (data), inside) : [];
    });
  }

  /** @param {string} title @param {string} path @param {string} [name] @returns {HTMLElement} */
  inner(title, path, name = "") {
    const { texts } = this.store;
    const add = button(texts.add_step, () => this.pick(path), { icon: "plus", kind: "quiet", "data-focus": `add ${path}`, "aria-label": say(texts.add_in, { name: title }) });
    return h("div.sayr-editor-nested", { "data-into": path }, h("p.sayr-editor-nested-title", {}, name ? icon(name) : "", title), this.steps(path), add);
  }

  /** @param {Field} member @param {Block[]} blocks @param {string} path */
  blocks(member, blocks, path) {
    const items = member.items || { kind: "object" };
    const cards = blocks.map((block, index) => {
      const part = `${path}/${index}`;
      const one = member.one || member.title;
      const title = block.label || block.name || `${one} ${index + 1}`;
      const { condition } = this.store.summaries[part] || {};
      const card = this.card(part, { icon: "way", title, line: "", condition, tools: this.tools(part, index), block: true });
      const lists = Object.entries(items.members || {}).filter(([, inner]) => inner.kind === "steps");
      const within = lists.map(([name]) => {
        const add = button(this.store.texts.add_step, () => this.pick(`${part}/${name}`), { icon: "plus", kind: "quiet", "data-focus": `add ${part}/${name}`, "aria-label": say(this.store.texts.add_in, { name: title }) });
        return h("div.sayr-editor-nested-steps", { "data-into": `${part}/${name}` }, this.steps(`${part}/${name}`), add);
      });
      return h("div.sayr-editor-nested.sayr-editor-block", {}, card, within);
    });
    const label = say(this.store.texts.add_to, { name: member.one || member.title });
    const add = button(label, () => this.edits.addBlock(path, items), { icon: "plus", kind: "quiet", "data-focus": `add ${path}` });
    return [...cards, h("div.sayr-editor-nested.sayr-editor-nested-add", {}, add)];
  }

  /** Opens a part; with Shift, or Ctrl, chooses a step beside others.
      @param {MouseEvent} event @param {string} part */
  open(event, part) {
    const isStepCard = isStep(this.store.get(part));
    if (isStepCard && event.shiftKey) this.several.reach(part);
    else if (isStepCard && (event.ctrlKey || event.metaKey)) this.several.toggle(part);
    else this.store.choose(part);
  }

  /** @param {string} part @param {Card} shown */
  card(part, { box = "", icon: name, number = 0, title, line, condition = "", tools = "", fold = "", quiet = false, block = false }) {
    const { texts } = this.store;
    const problems = this.store.problemsOf(part).length;
    const isChosen = this.store.part === part;
    const count = problems ? say(texts.problem_count, { count: problems }) : "";
    const words = h(
      "span.sayr-editor-card-words",
      {},
      h("b.sayr-editor-card-title", {}, number ? h("span.sayr-editor-card-number", {}, `${number}. `) : "", h("bdi", {}, title)),
      line ? h("span.sayr-editor-card-line", {}, h("bdi", {}, line)) : "",
      condition ? h("span.sayr-editor-card-condition", {}, h("bdi", {}, condition)) : "",
    );
    const badge = problems ? h("span.sayr-editor-badge", { title: count }, icon("warning"), h("span", {}, String(problems)), h("span.sayr-editor-unseen", {}, count)) : "";
    const open = h(
      "button.sayr-editor-card-open",
      { type: "button", onclick: (event) => this.open(event, part), "data-part": part, "data-focus": `open ${this.store.keyOf(part)}`, ...(isChosen ? { "aria-current": "step" } : {}) },
      h("span.sayr-editor-card-icon", {}, icon(name)),
      words,
      badge,
    );
    const classes = ["sayr-editor-card", quiet ? "sayr-editor-card-quiet" : "", block ? "sayr-editor-card-block" : "", isChosen ? "sayr-editor-card-chosen" : "", problems ? "sayr-editor-card-bad" : ""];
    const dragged = number ? { draggable: "true", "data-drag": part } : {};
    return h("div", { class: classes.filter(Boolean).join(" "), ...dragged }, box, open, fold, tools);
  }

  /** Only the chosen card has tools: with sixty steps all of them would be a thousand buttons.
      @param {string} part @param {number} index @returns {HTMLElement | string} */
  tools(part, index) {
    if (this.store.part !== part) return "";
    const { texts } = this.store;
    const { list } = this.store.listOf(part);
    const uid = this.store.keyOf(part);
    /** @param {string} name
        @param {string} label
        @param {() => unknown} action
        @param {boolean} [disabled]
        @param {string} [keys] */
    const tool = (name, label, action, disabled = false, keys = "") =>
      button(label, action, { icon: name, iconOnly: true, kind: "tool", disabled, "data-tool": name, "data-focus": `${name} ${uid}`, ...(keys ? { "aria-keyshortcuts": keys, title: `${label} (${keys.replace("Control", "Ctrl").replace("Arrow", "")})` } : {}) });
    const ofStep = () => [
      tool("move", texts.move_to, () => this.places.open(part)),
      tool("clip", texts.copy, () => this.clipboard.copy([part]), false, "Control+C"),
      tool("cut", texts.cut, () => this.clipboard.cut([part]), false, "Control+X"),
      tool("plus", texts.add_after, () => this.pick("", part)),
      this.clipboard.isFull ? tool("paste", texts.paste_after, () => this.clipboard.pasteAfter(part), false, "Control+V") : "",
    ];
    return h(
      "span.sayr-editor-card-tools",
      {},
      tool("up", texts.move_up, () => this.edits.move(part, -1), index === 0, "Alt+ArrowUp"),
      tool("down", texts.move_down, () => this.edits.move(part, 1), index === list.length - 1, "Alt+ArrowDown"),
      tool("copy", texts.duplicate, () => this.edits.duplicate(part)),
      isStep(list[index]) ? ofStep() : "",
      tool("trash", texts.delete, () => this.edits.remove([part]), false, "Delete"),
    );
  }

  /** What the keyboard does with the card that has the focus.
      @param {KeyboardEvent} event */
  key(event) {
    const { part: card, choose } = /** @type {HTMLElement} */ (event.target).dataset;
    const part = card || choose;
    if (!part || !/\d$/.test(part)) return;
    const isStepCard = isStep(this.store.get(part));
    const { ctrlKey, metaKey, altKey, shiftKey } = event;
    const command = ctrlKey || metaKey ? event.key.toLowerCase() : `${altKey ? "alt " : shiftKey ? "shift " : ""}${event.key}`;
    const parts = isStepCard ? this.several.orOnly(part) : [part];
    const act = {
      "alt ArrowUp": () => this.edits.move(part, -1),
      "alt ArrowDown": () => this.edits.move(part, 1),
      "shift ArrowUp": isStepCard && (() => this.reach(part, -1)),
      "shift ArrowDown": isStepCard && (() => this.reach(part, 1)),
      Escape: this.several.isOn && (() => this.several.turn()),
      Delete: () => this.edits.remove(parts),
      c: isStepCard && (() => this.clipboard.copy(parts)),
      x: isStepCard && (() => this.clipboard.cut(parts)),
    }[command];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Chooses the card and the next one, which gets the focus.
      @param {string} part @param {number} by */
  reach(part, by) {
    const { list, index, path } = this.store.listOf(part);
    if (!this.several.isOn) this.several.toggle(part);
    if (!list[index + by]) return;
    const next = `${path}/${index + by}`;
    this.several.reach(next);
    find(this.element, `[data-part="${next}"]`)?.focus();
  }
}
