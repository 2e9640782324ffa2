/* What is being edited: the form, the chosen part, the problems. Everything else listens to it. */

/** @import { Block, Checked, Choices, Config, Form, Problem, Step, Summary, Told, Trial, Value } from "../../types" */

import { memberOf } from "./blocks.js";

/** Until a company is chosen.
    @type {Choices} */
const NO_CHOICES = {
  actions: {}, words: {}, days: [], usual_choices: [], events: [], people: { roles: [], people: [] }, tables: [],
  operators: [], fields: {}, creatable: {}, readable: {}, references: {}, parameters: {},
};

export class Store extends EventTarget {
  /** @param {Config & {form: Form}} config @param {HTMLTextAreaElement} source */
  constructor(config, source) {
    super();
    this.config = config;
    this.texts = config.texts;
    /** @type {Choices} */
    this.choices = { ...NO_CHOICES, ...config.choices };
    this.groups = config.groups;
    this.source = source;
    this.form = config.form;
    this.part = "trigger";
    /** @type {Problem[]} */
    this.problems = [];
    this.off = ""; // connections it would use that are switched off
    /** Whether it would run; null while that is not known.
        @type {Trial | null} */
    this.trial = null;
    /** @type {Record<string, Summary>} */
    this.summaries = {};
    this.text = "";
    /** @type {Set<string>} */
    this.left = new Set(); // parts that somebody has seen and left: now empty fields are mistakes
    /** Places of rows that were only just added, and that nobody has left yet.
        @type {Set<string>} */
    this.entered = new Set();
    this.showsAll = config.show_problems;
    this.learn(config.checked || {});
  }

  /** Something in the form has changed. `redraw`: more than what the page already shows.
      @param {{redraw?: boolean}} [how] */
  changed({ redraw = false } = {}) {
    this.write();
    this.tell("form", { redraw });
  }

  write() {
    this.source.value = JSON.stringify(this.form);
  }

  /** @param {Checked} answer */
  learn({ problems, off, summaries, text, trial }) {
    if (problems) this.problems = problems;
    if (off !== undefined) this.off = off;
    if (summaries) this.summaries = summaries;
    if (text !== undefined) this.text = text;
    if (trial !== undefined) this.trial = trial;
    this.tell("checked");
  }

  /** @param {Form} form */
  replace(form) {
    this.form = form;
    if (!this.get(this.part)) this.part = "trigger";
    this.changed({ redraw: true });
  }

  /** @param {string} part */
  choose(part) {
    this.left.add(this.keyOf(this.part));
    this.entered.clear();
    this.part = part;
    this.tell("part");
  }

  /** A part's own mark, which stays when steps move.
      @param {string} part @returns {string} */
  keyOf(part) {
    return this.find(part)?.uid || part;
  }

  /** The form of a part: "trigger" and "settings" share the head, "steps/1" is a step.
      @param {string} part @returns {Value} */
  get(part) {
    if (part === "trigger" || part === "settings") return this.form.head;
    return part.split("/").reduce(memberOf, /** @type {Value} */ (this.form));
  }

  /** A part that is known to be there: a step, or an element of a list that holds steps.
      @param {string} part @returns {Block} */
  at(part) {
    return /** @type {Block} */ (this.get(part));
  }

  /** A part that may be gone.
      @param {string} part @returns {Block | undefined} */
  find(part) {
    return /** @type {Block | undefined} */ (this.get(part));
  }

  /** @param {string} part */
  step(part) {
    return /** @type {Step} */ (this.get(part));
  }

  /** A list of steps, or of elements that hold steps.
      @param {string} path @returns {Block[]} */
  list(path) {
    return /** @type {Block[]} */ (this.get(path));
  }

  /** @param {string} part */
  listOf(part) {
    const keys = part.split("/");
    const index = Number(keys.pop());
    return { list: this.list(keys.join("/")), index, path: keys.join("/") };
  }

  /** The problems of a part that should be seen by now.
      @param {string} part */
  problemsOf(part) {
    return this.problems.filter((one) => one.part === part && this.isDue(one));
  }

  /** @param {Problem} problem */
  isDue(problem) {
    if (!problem.empty) return true;
    const key = this.keyOf(problem.part);
    const keys = [problem.area, ...problem.at].join("/").split("/");
    if (keys.some((_one, index) => this.entered.has([key, ...keys.slice(0, index + 1)].join("/")))) return false;
    return this.showsAll || this.left.has(key) || !this.isFresh(problem.part);
  }

  /** A row of the chosen part was added: nothing is said about it until it is left.
      @param {(string | number)[]} place */
  enter(place) {
    this.entered.add([this.keyOf(this.part), ...place].join("/"));
  }

  /** @param {(string | number)[]} place */
  leave(place) {
    if (this.entered.delete([this.keyOf(this.part), ...place].join("/"))) setTimeout(() => this.tell("checked"));
  }

  /** @param {string} part */
  isFresh(part) {
    if (part === "trigger" || part === "settings") return !this.config.definition;
    return Boolean(this.find(part)?.fresh);
  }

  /** @template {keyof Told} Name
      @param {Name} name @param {Told[Name]} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail: detail ?? {} }));
  }

  /** @template {keyof Told} Name
      @param {Name} name @param {(detail: Told[Name]) => void} listener */
  on(name, listener) {
    this.addEventListener(name, (event) => listener(/** @type {CustomEvent<Told[Name]>} */ (event).detail));
  }
}
