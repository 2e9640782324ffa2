/* Making elements: h("p.quiet", {hidden: true}, "text", child). No HTML text anywhere. */

export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key in element && typeof value !== "string") element[key] = value;
  else element.setAttribute(key, value === true ? "" : value);
}

let counter = 0;

export function newId(prefix = "we") {
  counter += 1;
  return `${prefix}-${counter}`;
}

export function icon(name, extra = "") {
  return h(`span.we-icon.we-icon-${name}${extra}`, { "aria-hidden": "true" });
}

export function button(label, onclick, options = {}) {
  const { kind = "plain", icon: name = "", iconOnly = false, ...attributes } = options;
  const shown = iconOnly ? [icon(name)] : [name ? icon(name) : "", h("span", {}, label)];
  if (iconOnly) Object.assign(attributes, { "aria-label": label, title: label });
  return h(`button.we-button.we-${kind}`, { type: "button", onclick, ...attributes }, shown);
}

/* choices: [{value, title}] or [{title, choices: […]}] for a group. */
export function select(choices, value, onchange, attributes = {}) {
  const made = h("select.we-select", attributes, choices.map(option));
  made.value = value;
  made.addEventListener("change", () => onchange(made.value));
  return made;
}

function option(choice) {
  if (choice.choices) return h("optgroup", { label: choice.title }, choice.choices.map(option));
  return h("option", { value: choice.value }, choice.title);
}

export function labelled(label, control, help = "") {
  control.id = control.id || newId();
  const described = help ? h("p.we-help", { id: `${control.id}-help` }, help) : "";
  if (help) control.setAttribute("aria-describedby", `${control.id}-help`);
  return h("div.we-field", {}, h("label", { for: control.id }, label), control, described);
}

/* Puts values into a text: say("Step {number}", {number: 2}). */
export function say(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function later(wait, action) {
  let timer = 0;
  const put = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
  put.now = (...given) => {
    clearTimeout(timer);
    return action(...given);
  };
  return put;
}
