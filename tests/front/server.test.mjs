// Questions to the server: one at a time, about the form as it is, and again when it was busy.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Server } from "../../workflows/static/workflows/editor/server.js";
import { heard, storeOf } from "./support.mjs";

const urls = { check: "/check/", values: "/values/", preview: "/preview/" };
let sent;

beforeEach(() => {
  sent = [];
  globalThis.document = { querySelector: () => null };
});

/* Answers that are given by hand, in the order of the requests. */
function byHand() {
  globalThis.fetch = (url, { body }) => new Promise((answer, fail) => { sent.push({ url, body: JSON.parse(body), answer, fail }); });
}

function answered(status, body = {}, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers });
}

const soon = () => new Promise((done) => { setTimeout(done, 5); });
const serverOf = () => new Server(storeOf({}, {}, { urls, tenant: "acme" }));

test("a question waits until the one before was answered", async () => {
  byHand();
  const server = serverOf();
  const [check, values] = [server.ask("check"), server.ask("values")];
  await soon();
  assert.deepEqual(sent.map(({ url }) => url), ["/check/"]);
  sent[0].answer(answered(200, { problems: [] }));
  assert.deepEqual(await check, { problems: [] });
  await soon();
  assert.deepEqual(sent.map(({ url }) => url), ["/check/", "/values/"]);
  sent[1].answer(answered(200, { groups: [] }));
  assert.deepEqual(await values, { groups: [] });
});

test("while one waits, the same question is not asked twice, and is about the newest form", async () => {
  byHand();
  const server = serverOf();
  const answers = [server.ask("values"), server.ask("check"), server.ask("check")];
  await soon();
  server.store.form.head.name = "Renamed";
  answers.push(server.ask("check"));
  sent[0].answer(answered(200));
  await soon();
  assert.equal(sent[1].body.form.head.name, "Renamed");
  // The one under way knows nothing of what is written now.
  server.store.form.head.name = "Renamed again";
  const newest = server.ask("check");
  sent[1].answer(answered(200, { text: "first" }));
  await soon();
  assert.equal(sent[2].body.form.head.name, "Renamed again");
  sent[2].answer(answered(200, { text: "second" }));
  const told = await Promise.all([...answers, newest]);
  assert.deepEqual(told.slice(1).map(({ text }) => text), ["first", "first", "first", "second"]);
  assert.equal(sent.length, 3);
});

test("questions with something of their own are all asked", async () => {
  byHand();
  const server = serverOf();
  server.ask("preview", { texts: ["a"] });
  server.ask("preview", { texts: ["b"] });
  await soon();
  sent[0].answer(answered(200));
  await soon();
  assert.deepEqual(sent.map(({ body }) => body.texts), [["a"], ["b"]]);
});

test("a busy server is asked again when it says to, and nobody is told", async () => {
  const answers = [answered(429, {}, { "Retry-After": "0.01" }), answered(503, {}, { "Retry-After": "0.01" }), answered(200, { text: "ok" })];
  globalThis.fetch = async () => answers.shift();
  const server = serverOf();
  const told = heard(server.store, "away");
  assert.deepEqual(await server.ask("check"), { text: "ok" });
  assert.deepEqual(told, []);
});

test("a server that stays busy is given up, and the next question is asked", async () => {
  const answers = [...Array(4)].map(() => answered(429, {}, { "Retry-After": "0.01" }));
  globalThis.fetch = async () => answers.shift() || answered(200, { groups: [] });
  const server = serverOf();
  const [check, values] = [server.ask("check"), server.ask("values")];
  assert.equal(await check, null);
  assert.deepEqual(await values, { groups: [] });
});

test("a line that breaks, also within an answer, is told, and the next question is asked", async () => {
  const broken = { status: 200, ok: true, json: () => Promise.reject(new Error("cut")), headers: new Headers() };
  const answers = [() => Promise.reject(new Error("offline")), () => Promise.resolve(broken), () => Promise.resolve(answered(200, { text: "ok" }))];
  globalThis.fetch = () => answers.shift()();
  const server = serverOf();
  const told = heard(server.store, "away");
  const [first, second, third] = ["check", "values", "preview"].map((name) => server.ask(name, {}));
  assert.deepEqual([await first, await second], [null, null]);
  assert.deepEqual(told.map(([, { why }]) => why), ["offline", "offline"]);
  assert.deepEqual(await third, { text: "ok" });
});
