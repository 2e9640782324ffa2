/* Unsaved work as it lies in the browser: pieces of it, by person and workflow. Pure: store, cookies and clock are
   arguments.

   Every open page has a piece of its own, with an id that its form sends along. What becomes of a piece:

     kept      written while its page is open and differs from what the server has
     gone      a page said that it was saved (a cookie names its id), it was discarded, or its page was put back to
               what the server has
     left      its page is closed, and nobody said that it was saved: offered, on every page of that workflow
     restored  an open page goes on with it, under its id; what that page had before stays a piece of its own

   So an offer that is ignored stays, beside whatever is typed meanwhile, and neither takes the other's place. A piece
   whose page is still open elsewhere is not offered: it is not lost. */

/** @import { Form } from "../../types" */

export const DAYS = 14;
export const COOKIE = "sayr-saved";
const ROOT = "sayr-work";
const MAX_OFFERED = 5;

/** @typedef {{at: number, version: number, draft: string, form: Form}} Piece */
/** @typedef {Piece & {id: string}} Kept */

/** @param {string} person @param {string} workflow */
export function roomOf(person, workflow) {
  return `${ROOT}:${person}:${workflow}:`;
}

/** The pieces of a room, the newest first; what is too old is forgotten.
    @param {Storage} storage @param {string} room @param {number} now @returns {Kept[]} */
export function piecesIn(storage, room, now) {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) || "");
  /** @type {Kept[]} */
  const found = [];
  for (const key of keys.filter((one) => one.startsWith(room))) {
    const piece = read(storage.getItem(key));
    if (!piece || now - piece.at >= DAYS * 86400000) storage.removeItem(key);
    else found.push({ ...piece, id: key.slice(room.length) });
  }
  return found.sort((one, other) => other.at - one.at);
}

/** @param {string | null} text @returns {Piece | null} */
function read(text) {
  try {
    const piece = JSON.parse(text || "null");
    return piece && piece.form && typeof piece.at === "number" ? piece : null;
  } catch {
    return null;
  }
}

/** The ids of what was saved, as the server tells them.
    @param {string} cookies */
export function savedIn(cookies) {
  const found = cookies.split("; ").find((one) => one.startsWith(`${COOKIE}=`));
  return new Set(found ? found.slice(COOKIE.length + 1).split(".") : []);
}

/** What to offer, and what is gone.
    @param {Kept[]} pieces @param {{own: string, saved: Set<string>, open: Set<string>}} known */
export function sorted(pieces, { own, saved, open }) {
  const gone = pieces.filter((one) => saved.has(one.id));
  const left = pieces.filter((one) => one.id !== own && !saved.has(one.id) && !open.has(one.id));
  return { gone, left: left.slice(0, MAX_OFFERED), elsewhere: pieces.some((one) => one.id !== own && open.has(one.id)) };
}

/** Keep a piece; false if the browser does not take it.
    @param {Storage} storage @param {string} room @param {Kept} piece */
export function keep(storage, room, { id, ...piece }) {
  try {
    storage.setItem(room + id, JSON.stringify(piece));
    return true;
  } catch {
    return false;
  }
}

/** What people would call the same form.
    @param {Form} form */
export function comparable(form) {
  return JSON.stringify(form, (key, value) => (["uid", "fresh", "was", "without"].includes(key) ? undefined : value));
}
