/* The fields of one part, drawn by django-jsonform, with what it lacks put around them. */

import { holdsBlocks, isOwn } from "./blocks.js";
import { button, h, newId, say } from "./dom.js";
import { Decorator } from "./decorate.js";
import { ADD, Schemas, fits, isBlank } from "./schema.js";

export class Fields {
  /* data: the form of `node`; onChange(data) hears of every change. */
  constructor(store, { node, data, onChange, title = "", previews = null }) {
    this.store = store;
    this.schemas = new Schemas(store, () => this.data);
    this.node = node;
    this.data = data;
    this.onChange = onChange;
    this.unfolded = false;
    this.refused = new Set(); // members that the package would not draw as they are
    this.errors = {};
    this.holder = h("div.we-fields", { "aria-label": title || null });
    this.more = h("div.we-more");
    this.element = h("div", {}, this.holder, this.more);
    this.decorator = new Decorator(store, this, previews);
  }

  /* The element has to be in the page before: the package looks its container up by id. */
  draw() {
    this.unmount();
    const container = h("div.we-jsonform", { id: newId("we-form") });
    const input = h("textarea", { id: newId("we-data"), hidden: true, tabindex: "-1", "aria-hidden": "true" });
    this.holder.replaceChildren(container, input);
    this.container = container;
    this.schema = this.schemaNow();
    this.drawn = JSON.stringify(this.schema);
    this.instance = window.reactJsonForm.createForm({
      containerId: container.id,
      dataInputId: input.id,
      schema: this.schema,
      data: this.filled(),
      errorMap: this.errors,
    });
    if (this.refuses()) {
      this.draw();
      return;
    }
    this.instance.addEventListener("change", (event) => this.take(event.data));
    this.instance.render();
    this.decorator.watch(container);
    this.drawMore();
  }

  unmount() {
    this.decorator.stop();
    if (this.container && this.container.isConnected) window.ReactDOM.unmountComponentAtNode(this.container);
    this.container = null;
  }

  schemaNow() {
    const properties = {};
    this.foreign = [];
    for (const [name, member] of Object.entries(this.node.members || {})) {
      const data = this.data[name];
      if (isOwn(member) || holdsBlocks(member) || (member.more && !this.unfolded && isBlank(data))) continue;
      const schema = this.schemas.of(member, [data]);
      if (fits(schema, data) && !this.refused.has(name)) properties[name] = schema;
      else this.foreign.push(member.title);
    }
    return { type: "object", title: "", properties };
  }

  /* Says whether the package has changed the data by taking it: then it may not draw that part. */
  refuses() {
    const [given, taken] = [this.filled(), this.instance.getData()];
    const names = Object.keys(this.schema.properties).filter((name) => !same(given[name], taken[name]));
    names.forEach((name) => this.refused.add(name));
    return names.length > 0;
  }

  /* The package fills in what is missing, but only by its own rules. */
  filled() {
    const data = structuredClone(this.data);
    fill(data, this.schema);
    return data;
  }

  take(given) {
    if (JSON.stringify(given) === JSON.stringify(this.data)) return;
    this.data = structuredClone(given);
    settle(this.data);
    this.onChange(this.data);
    // Not while React is still drawing what was typed.
    if (JSON.stringify(this.schemaNow()) !== this.drawn) queueMicrotask(() => this.redraw());
  }

  put(path, value) {
    const data = structuredClone(this.data);
    const last = path[path.length - 1];
    const holder = path.slice(0, -1).reduce((here, key) => here[key], data);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
    this.data = data;
    this.onChange(data);
    this.redraw(path);
  }

  /* Draw again, because other fields are needed now; the cursor stays where it was. */
  redraw(focusPath = null) {
    const active = this.holder.contains(document.activeElement) ? document.activeElement.name : "";
    this.draw();
    const name = focusPath ? ["rjf", ...focusPath].join("§") : active;
    const field = name && this.fieldNamed(name);
    if (field) field.focus();
  }

  fieldNamed(name) {
    return this.container && this.container.querySelector(`[name="${CSS.escape(name)}"]`);
  }

  fieldAt(path) {
    const name = ["rjf", ...path].join("§");
    return this.fieldNamed(name) || (this.container && this.container.querySelector(`[name^="${CSS.escape(`${name}§`)}"]`));
  }

  nodeAt(path) {
    return this.schemas.nodeAt(this.node, path);
  }

  /* problems: [{at, text}] of this part. */
  show(problems) {
    const errors = {};
    for (const { at, text } of problems) {
      const key = at.join("§");
      errors[key] = [...(errors[key] || []), text];
    }
    if (JSON.stringify(errors) === JSON.stringify(this.errors)) return;
    this.errors = errors;
    if (Object.keys(errors).some((key) => this.isFolded(key.split("§")[0]))) this.unfold();
    else if (this.instance && this.container) this.instance.update({ errorMap: errors });
    this.decorator.soon();
  }

  isFolded(name) {
    const member = (this.node.members || {})[name];
    return Boolean(member && member.more && !this.unfolded && !(name in this.schema.properties));
  }

  unfold() {
    this.unfolded = true;
    this.redraw();
  }

  drawMore() {
    const folded = Object.entries(this.node.members || {}).filter(
      ([name, member]) => member.more && isBlank(this.data[name]),
    );
    const texts = this.store.texts;
    const titles = folded.map(([, member]) => member.title).join(", ");
    const foreign = this.foreign.map((title) => h("p.we-notice", {}, say(texts.foreign, { title })));
    this.more.replaceChildren(...foreign);
    if (!folded.length || this.unfolded) return;
    const unfold = button(texts.more_fields, () => this.unfold(), { icon: "plus", kind: "quiet", "aria-expanded": "false" });
    this.more.append(unfold, h("span.we-more-names", {}, titles));
  }
}

/* Chosen under “Add a field”: it becomes a field. */
function settle(data) {
  if (!data || typeof data !== "object") return;
  for (const [key, value] of Object.entries(data)) {
    if (key === ADD) {
      delete data[ADD];
      if (value) data[value] = "";
    } else settle(value);
  }
}

function fill(data, schema) {
  if (schema.oneOf) {
    const chosen = schema.oneOf.find((one) => fits(one, data) && Object.keys(one.properties).join() === Object.keys(data).join());
    if (chosen) fill(data, chosen);
  } else if (schema.type === "object") {
    for (const [name, inner] of Object.entries(schema.properties || {})) {
      if (data[name] === undefined || data[name] === null) data[name] = blankOf(inner);
      fill(data[name], inner);
    }
  } else if (schema.type === "array") data.forEach((item) => fill(item, schema.items));
}


function blankOf(schema) {
  if (schema.oneOf || schema.type === "object") return {};
  return schema.type === "array" ? [] : "";
}

function same(left, right) {
  if (left === null || typeof left !== "object" || right === null || typeof right !== "object") return left === right;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && same(left[key], right[key]));
}
