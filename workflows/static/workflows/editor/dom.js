/* Making elements: h("p.quiet", {hidden: true}, "text", child). No HTML text anywhere. */

/** @import { Attributes, ButtonOptions, Child, Children, Choice, ChoiceGroup, ElementOf } from "../../types" */

/** @template {string} Tag
    @param {Tag} tag @param {Attributes} [attributes] @param {Children[]} children @returns {ElementOf<Tag>} */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = /** @type {ElementOf<Tag>} */ (document.createElement(name));
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children.flat().filter(isThere));
  return element;
}

/** @param {Child} child @returns {child is string | globalThis.Node} */
function isThere(child) {
  return child !== null && child !== undefined && child !== "";
}

/** @param {HTMLElement} element @param {string} key @param {Attributes[string]} value */
function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
  else if (typeof value !== "string" && key in element) Object.assign(element, { [key]: value });
  else element.setAttribute(key, value === true ? "" : String(value));
}

let counter = 0;

/** @param {string} [prefix] */
export function newId(prefix = "sayr-editor") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** @param {string} name @param {string} [extra] */
export function icon(name, extra = "") {
  return h(`span.sayr-editor-icon.sayr-editor-icon-${name}${extra}`, { "aria-hidden": "true" });
}

/** @param {string} label @param {() => unknown} onclick @param {ButtonOptions} [options] */
export function button(label, onclick, options = {}) {
  const { kind = "plain", icon: name = "", iconOnly = false, ...attributes } = options;
  const shown = iconOnly ? [icon(name)] : [name ? icon(name) : "", h("span", {}, label)];
  if (iconOnly) Object.assign(attributes, { "aria-label": label, title: label });
  return h(`button.sayr-editor-button.sayr-editor-${kind}`, { type: "button", onclick, ...attributes }, shown);
}

/** choices: [{value, title}] or [{title, choices: […]}] for a group.
    @param {(Choice | ChoiceGroup)[]} choices
    @param {string} value
    @param {(value: string) => void} onchange
    @param {Attributes} [attributes] */
export function select(choices, value, onchange, attributes = {}) {
  const made = h("select.sayr-editor-select", attributes, choices.map(option));
  made.value = value;
  made.addEventListener("change", () => onchange(made.value));
  return made;
}

/** @param {Choice | ChoiceGroup} choice @returns {HTMLElement} */
function option(choice) {
  if ("choices" in choice) return h("optgroup", { label: choice.title }, choice.choices.map(option));
  return h("option", { value: choice.value }, choice.title);
}

/** @param {string} label @param {HTMLElement} control @param {string} [help] */
export function labelled(label, control, help = "") {
  control.id ||= newId();
  const described = help ? h("p.sayr-editor-help", { id: `${control.id}-help` }, help) : "";
  if (help) control.setAttribute("aria-describedby", `${control.id}-help`);
  return h("div.sayr-editor-field", {}, h("label", { for: control.id }, label), control, described);
}

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement | null} */
export function find(root, selector) {
  return root.querySelector(selector);
}

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement[]} */
export function findAll(root, selector) {
  return [...root.querySelectorAll(selector)].filter((one) => one instanceof HTMLElement);
}

/** Arrows go through the buttons of a list that are shown; the first of them from the search above.
    @param {KeyboardEvent} event @param {HTMLElement} list @param {string} [which] */
export function walk(event, list, which = "button") {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const shown = findAll(list, which).filter((one) => !one.closest("[hidden]"));
  const next = shown[nextOf(shown.indexOf(/** @type {HTMLElement} */ (document.activeElement)), by, shown.length)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** The place after, or before, another; from nowhere (-1) the first.
    @param {number} now @param {number} by @param {number} count */
export function nextOf(now, by, count) {
  if (now < 0) return by > 0 ? 0 : count - 1;
  return Math.min(Math.max(now + by, 0), count - 1);
}

/** A field of the page around the editor.
    @param {string} name */
export function fieldOfPage(name) {
  /** @type {HTMLInputElement | HTMLSelectElement | null} */
  const field = document.querySelector(`[name="${name}"]`);
  return field;
}

/** Puts values into a text: say("Step {number}", {number: 2}).
    @param {string} text @param {Record<string, unknown>} [values] */
export function say(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, /** @type {string} */ name) => (name in values ? String(values[name]) : whole));
}

/** Puts an action off until nobody has asked for it for a while.
    @param {number} wait @param {() => unknown} action */
export function later(wait, action) {
  let timer = 0;
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(action, wait);
  };
}
