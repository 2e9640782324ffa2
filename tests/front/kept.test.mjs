// Unsaved work in the browser: every way in which a piece of it is kept, offered, and forgotten.

import assert from "node:assert/strict";
import { test } from "node:test";

import { COOKIE, DAYS, comparable, keep, piecesIn, roomOf, savedIn, sorted } from "../../workflows/static/workflows/editor/kept.js";

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const ROOM = roomOf("1", "new:t");

class Shelf {
  constructor(most = Infinity) {
    this.rows = new Map();
    this.most = most;
  }
  get length() { return this.rows.size; }
  key(index) { return [...this.rows.keys()][index] ?? null; }
  getItem(key) { return this.rows.get(key) ?? null; }
  setItem(key, text) {
    if (text.length > this.most) throw new Error("full");
    this.rows.set(key, text);
  }
  removeItem(key) { this.rows.delete(key); }
}

const form = (name) => ({ head: { name }, steps: [] });
const piece = (id, name = id, at = NOW) => ({ id, at, version: 0, draft: "", form: form(name) });
const ids = (pieces) => pieces.map((one) => one.id);
const nothing = { own: "", saved: new Set(), open: new Set() };

function shelfWith(...pieces) {
  const shelf = new Shelf();
  for (const one of pieces) keep(shelf, ROOM, one);
  return shelf;
}

test("what is kept comes back as it was, the newest first", () => {
  const shelf = shelfWith(piece("a", "Old", NOW - 2), piece("b", "New", NOW - 1));
  const found = piecesIn(shelf, ROOM, NOW);
  assert.deepEqual(ids(found), ["b", "a"]);
  assert.deepEqual(found[1], piece("a", "Old", NOW - 2));
});

test("an offer that is ignored stays beside what is typed meanwhile", () => {
  const shelf = shelfWith(piece("left"));
  keep(shelf, ROOM, piece("typed"));
  keep(shelf, ROOM, piece("typed", "typed more"));
  assert.deepEqual(ids(piecesIn(shelf, ROOM, NOW)).sort(), ["left", "typed"]);
  const { left } = sorted(piecesIn(shelf, ROOM, NOW), { ...nothing, own: "typed" });
  assert.deepEqual(ids(left), ["left"]);
});

// own, saved, open in another tab -> what becomes of the piece "a"
const states = [
  [{}, "left"],
  [{ own: "a" }, "none"],
  [{ saved: ["a"] }, "gone"],
  [{ own: "a", saved: ["a"] }, "gone"],
  [{ open: ["a"] }, "elsewhere"],
  [{ open: ["a"], saved: ["a"] }, "gone"],
  [{ own: "b", saved: ["b"], open: ["c"] }, "left"],
];
for (const [known, outcome] of states) {
  test(`a piece with ${JSON.stringify(known)} is ${outcome}`, () => {
    const { own = "", saved = [], open = [] } = known;
    const found = sorted([piece("a")], { own, saved: new Set(saved), open: new Set(open) });
    assert.deepEqual(ids(found.gone), outcome === "gone" ? ["a"] : []);
    assert.deepEqual(ids(found.left), outcome === "left" ? ["a"] : []);
    if (outcome === "elsewhere") assert.equal(found.elsewhere, true);
    if (outcome === "left") assert.equal(found.elsewhere, false);
  });
}

test("another person, and another workflow, have rooms of their own", () => {
  const shelf = shelfWith(piece("a"));
  assert.deepEqual(piecesIn(shelf, roomOf("2", "new:t"), NOW), []);
  assert.deepEqual(piecesIn(shelf, roomOf("1", "new:other"), NOW), []);
  assert.deepEqual(piecesIn(shelf, roomOf("11", "new:t"), NOW), []);
  assert.equal(piecesIn(shelf, ROOM, NOW).length, 1);
});

test("after fourteen days a piece is forgotten, and not before", () => {
  const shelf = shelfWith(piece("old", "old", NOW - DAYS * DAY), piece("young", "young", NOW - DAYS * DAY + 1));
  assert.deepEqual(ids(piecesIn(shelf, ROOM, NOW)), ["young"]);
  assert.equal(shelf.length, 1);
});

test("what cannot be read is forgotten, and nothing else", () => {
  const shelf = shelfWith(piece("good"));
  for (const [id, text] of Object.entries({ cut: "{", none: "null", empty: "{}", timeless: '{"form": {}}' })) shelf.setItem(ROOM + id, text);
  shelf.setItem("another", "{");
  assert.deepEqual(ids(piecesIn(shelf, ROOM, NOW)), ["good"]);
  assert.equal(shelf.getItem("another"), "{");
});

test("a full store keeps what it had", () => {
  const shelf = new Shelf(300);
  assert.equal(keep(shelf, ROOM, piece("a")), true);
  assert.equal(keep(shelf, ROOM, piece("a", "x".repeat(400))), false);
  assert.equal(piecesIn(shelf, ROOM, NOW)[0].form.head.name, "a");
});

test("the cookie names what was saved", () => {
  assert.deepEqual([...savedIn("")], []);
  assert.deepEqual([...savedIn(`csrftoken=x; ${COOKIE}=a1.b2; other=${COOKIE}`)], ["a1", "b2"]);
});

test("marks of the page make no other form", () => {
  const one = { steps: [{ uid: "1", fresh: true, name: "a", was: "b", without: ["c"] }] };
  assert.equal(comparable(one), comparable({ steps: [{ uid: "2", name: "a" }] }));
  assert.notEqual(comparable(one), comparable({ steps: [{ name: "b" }] }));
});
