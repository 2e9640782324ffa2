/* Steps and conditions inside an action's parameters: branches, loops and the like.

   An action says where they are (kind "steps", kind "condition"), alone or in the items of a list.
   Such an item is a block: a card of its own in the flow, with a page of its own. */

export function isOwn(node) {
  return node.kind === "steps" || node.kind === "condition";
}

export function ownMembers(node, kind) {
  return Object.entries((node && node.members) || {}).filter(([, member]) => member.kind === kind);
}

/* Whether the items of a list are blocks. */
export function holdsBlocks(node) {
  return node.kind === "list" && node.items && Object.values(node.items.members || {}).some(isOwn);
}

export function isStep(form) {
  return Boolean(form) && typeof form.action === "string" && "params" in form;
}

/* The node of a block, found along its path: "steps/1/params/cases/0". */
export function nodeOf(store, part) {
  let here = store.form;
  let node = null;
  for (const key of part.split("/")) {
    if (isStep(here) && key === "params") node = (store.choices.actions[here.action] || {}).node;
    else if (node && node.kind === "list") node = node.items;
    else if (node && node.kind === "steps") node = null;
    else if (node) node = (node.members || {})[key];
    here = here ? here[key] : undefined;
  }
  return node;
}

export function blankOf(node) {
  if (node.kind === "condition") return { mode: "always", rows: [] };
  if (["list", "map", "json", "steps"].includes(node.kind)) return [];
  if (node.kind === "object") {
    return Object.fromEntries(Object.entries(node.members).map(([name, member]) => [name, blankOf(member)]));
  }
  return ["one", "fields", "parameters"].includes(node.kind) ? {} : "";
}

/* The names of the steps that have run before a part is reached. */
export function earlierSteps(store, part) {
  const names = new Set();
  const keys = part.split("/");
  keys.forEach((key, at) => {
    const list = at ? store.get(keys.slice(0, at).join("/")) : null;
    if (!Array.isArray(list) || !list.every(isStep)) return;
    list.slice(0, Number(key)).forEach((step) => names.add(step.name));
    const above = list[Number(key)];
    if (at < keys.length - 1 && above) names.add(above.name);
  });
  return names;
}
