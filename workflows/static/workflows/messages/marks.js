/* What the buttons above a formatted text do to it. Pure: text and selection in, an edit out. */

/** @typedef {{from: number, to: number, text: string, selectFrom: number, selectTo: number}} Edit */

const AROUND = { bold: "**", italic: "*" };
const BEFORE_LINES = { heading: "## ", list: "- " };
const ADDRESS = "https://";

/** The edit that gives what is selected a form, or takes it away again. `says` stands where nothing is
    selected.
    @param {string} mark @param {string} text @param {number} from @param {number} to @param {string} says
    @returns {Edit} */
export function applied(mark, text, from, to, says) {
  if (mark === "bold" || mark === "italic") return around(AROUND[mark], text, from, to);
  if (mark === "heading" || mark === "list") return beforeLines(BEFORE_LINES[mark], text, from, to);
  return link(text, from, to, says, mark === "button");
}

/** @param {string} sign @param {string} text @param {number} from @param {number} to @returns {Edit} */
function around(sign, text, from, to) {
  const chosen = text.slice(from, to);
  const [before, after] = [text.slice(0, from), text.slice(to)];
  if (ends(before, sign) && begins(after, sign)) {
    const start = from - sign.length;
    return { from: start, to: to + sign.length, text: chosen, selectFrom: start, selectTo: start + chosen.length };
  }
  // Blanks stay outside: “** word **” would be no bold word.
  const [, left = "", word = "", right = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(chosen) || [];
  const start = from + left.length + sign.length;
  return { from, to, text: `${left}${sign}${word}${sign}${right}`, selectFrom: start, selectTo: start + word.length };
}

/** Whether the sign stands there by itself: the two of bold are no italic one.
    @param {string} text @param {string} sign */
function ends(text, sign) {
  return /\**$/.exec(text)?.[0].length === sign.length;
}

/** @param {string} text @param {string} sign */
function begins(text, sign) {
  return /^\**/.exec(text)?.[0].length === sign.length;
}

/** @param {string} sign @param {string} text @param {number} from @param {number} to @returns {Edit} */
function beforeLines(sign, text, from, to) {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const end = text.indexOf("\n", to) < 0 ? text.length : text.indexOf("\n", to);
  const lines = text.slice(start, end).split("\n");
  const isThere = lines.every((line) => line.startsWith(sign));
  const made = lines.map((line) => (isThere ? line.slice(sign.length) : sign + line)).join("\n");
  const blank = isThere || start === 0 || text.slice(0, start).endsWith("\n\n") ? "" : "\n";
  const last = start + blank.length + made.length;
  return { from: start, to: end, text: blank + made, selectFrom: last, selectTo: last };
}

/** @param {string} text @param {number} from @param {number} to @param {string} says
    @param {boolean} isButton @returns {Edit} */
function link(text, from, to, says, isButton) {
  const words = text.slice(from, to).trim() || says;
  const made = `[${words}](${ADDRESS}${isButton ? ' "button"' : ""})`;
  const start = from + words.length + 3; // the address is what is written next
  return { from, to, text: made, selectFrom: start, selectTo: start + ADDRESS.length };
}
