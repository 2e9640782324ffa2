/* Short names of steps: made from the label, unique, and changed in every place that uses them. */

const STEP_TEXTS = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;

export function nameFor(label, action, taken) {
  const base = slug(label) || slug(action) || "step";
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  return name;
}

function slug(text) {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "").slice(0, 50);
}

export function namesIn(form, except = null) {
  const names = new Set();
  eachStep(form, (step) => step !== except && names.add(step.name));
  return names;
}

export function eachStep(value, visit) {
  if (Array.isArray(value)) value.forEach((inner) => eachStep(inner, visit));
  else if (value && typeof value === "object") {
    if (typeof value.action === "string" && "params" in value) visit(value);
    Object.values(value).forEach((inner) => eachStep(inner, visit));
  }
}

/* Changes `steps.old…` to `steps.new…` wherever the form reads it. */
export function renameReferences(form, old, name) {
  if (!old || old === name) return;
  const wanted = new RegExp(`\\bsteps\\.${old}(?![\\w-])`, "g");
  const put = (text) => text.replace(wanted, `steps.${name}`);
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
}
