/* The flow: a card for the trigger and for each step. It is how people get around. */

import { holdsBlocks } from "./blocks.js";
import { button, h, icon, say } from "./dom.js";

export class Flow {
  constructor(store, edits, picker) {
    Object.assign(this, { store, edits, picker });
    this.element = h("nav.we-flow", { "aria-label": store.texts.flow });
    for (const name of ["form", "checked", "part", "values"]) store.on(name, () => this.soon());
  }

  soon() {
    cancelAnimationFrame(this.planned);
    this.planned = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { texts } = this.store;
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
    const scroll = this.list ? this.list.scrollTop : 0;
    this.list = h("div.we-flow-list", {}, this.trigger(), this.steps("steps"), this.settings());
    const empty = this.store.form.steps.length ? "" : h("p.we-help", {}, texts.no_steps);
    const add = button(texts.add_step, () => this.picker.open((name) => this.edits.add(name)), {
      icon: "plus",
      kind: "primary",
      "data-focus": "add",
    });
    this.element.replaceChildren(this.list, h("div.we-flow-foot", {}, empty, add));
    this.list.scrollTop = scroll;
    const again = focused && this.element.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
    this.reveal();
  }

  /* Only when another part was chosen: who scrolls the list looks for something. */
  reveal() {
    if (this.shown === this.store.part) return;
    this.shown = this.store.part;
    const chosen = this.list.querySelector('[aria-current="step"]');
    if (!chosen) return;
    const card = chosen.closest(".we-card");
    const { offsetTop, offsetHeight } = card;
    if (offsetTop < this.list.scrollTop) this.list.scrollTop = offsetTop - 8;
    const over = offsetTop + offsetHeight - this.list.clientHeight;
    if (over > this.list.scrollTop) this.list.scrollTop = over + 8;
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

  steps(path) {
    const list = this.store.get(path);
    const cards = (Array.isArray(list) ? list : []).map((step, index) => this.step(step, `${path}/${index}`, index));
    return h("ol.we-cards", {}, cards);
  }

  step(step, part, index) {
    const { texts, choices, summaries } = this.store;
    const action = choices.actions[step.action];
    const shown = summaries[part] || {};
    const card = this.card(part, {
      icon: action ? action.icon : "warning",
      number: index + 1,
      title: step.label || (action ? action.label : step.action),
      line: shown.line || (action ? action.description : texts.unknown_action),
      condition: shown.condition,
      tools: this.tools(part, index),
    });
    return h("li", {}, card, ...this.nested(action && action.node, step.params, `${part}/params`));
  }

  /* The steps inside a step: of each of its lists, and of each of its blocks. */
  nested(node, form, path) {
    if (!form || typeof form === "string") return [];
    return Object.entries((node && node.members) || {}).flatMap(([name, member]) => {
      const inside = `${path}/${name}`;
      if (member.kind === "steps") return this.inner(member.title, inside);
      return holdsBlocks(member) ? this.blocks(member, form[name] || [], inside) : [];
    });
  }

  inner(title, path) {
    const add = button(this.store.texts.add_step, () => this.picker.open((name) => this.edits.add(name, null, path)), {
      icon: "plus",
      kind: "quiet",
      "data-focus": `add ${path}`,
    });
    return h("div.we-nested", {}, h("p.we-nested-title", {}, title), this.steps(path), add);
  }

  blocks(member, blocks, path) {
    const cards = blocks.map((block, index) => {
      const part = `${path}/${index}`;
      const title = block.label || block.name || `${member.items.title || member.title} ${index + 1}`;
      const card = this.card(part, { icon: "list", title, line: "", tools: this.tools(part, index) });
      return h("div.we-nested", {}, card, ...this.nested(member.items, block, part));
    });
    const add = button(say(this.store.texts.add_to, { name: member.title }), () => this.edits.addBlock(path, member.items), { icon: "plus", kind: "quiet" });
    return [...cards, h("div.we-nested", {}, add)];
  }

  card(part, { icon: name, number = 0, title, line, condition = "", tools = "", quiet = false }) {
    const { texts } = this.store;
    const problems = this.store.problemsOf(part).length;
    const isChosen = this.store.part === part;
    const count = problems ? say(texts.problem_count, { count: problems }) : "";
    const words = h(
      "span.we-card-words",
      {},
      h("b.we-card-title", {}, number ? h("span.we-card-number", {}, `${number}. `) : "", h("bdi", {}, title)),
      h("span.we-card-line", {}, h("bdi", {}, line)),
      condition ? h("span.we-card-condition", {}, h("bdi", {}, condition)) : "",
    );
    const badge = problems ? h("span.we-badge", { title: count }, icon("warning"), h("span", {}, String(problems)), h("span.we-unseen", {}, count)) : "";
    const open = h(
      "button.we-card-open",
      { type: "button", onclick: () => this.store.choose(part), "data-part": part, "data-focus": `open ${this.store.keyOf(part)}`, ...(isChosen ? { "aria-current": "step" } : {}) },
      h("span.we-card-icon", {}, icon(name)),
      words,
      badge,
    );
    const classes = ["we-card", quiet ? "we-card-quiet" : "", isChosen ? "we-card-chosen" : "", problems ? "we-card-bad" : ""];
    return h("div", { class: classes.filter(Boolean).join(" ") }, open, tools);
  }

  tools(part, index) {
    const { texts } = this.store;
    const { list } = this.store.listOf(part);
    const uid = this.store.keyOf(part);
    const isBlock = !("params" in list[index]);
    const tool = (name, label, action, disabled = false) =>
      button(label, action, { icon: name, iconOnly: true, kind: "tool", disabled, "data-tool": name, "data-focus": `${name} ${uid}` });
    return h(
      "span.we-card-tools",
      {},
      tool("up", texts.move_up, () => this.edits.move(part, -1), index === 0),
      tool("down", texts.move_down, () => this.edits.move(part, 1), index === list.length - 1),
      tool("copy", texts.duplicate, () => this.edits.duplicate(part)),
      isBlock ? "" : tool("plus", texts.add_after, () => this.picker.open((name) => this.edits.add(name, part))),
      tool("trash", texts.delete, () => this.edits.remove(part)),
    );
  }
}
