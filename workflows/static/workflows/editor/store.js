/* What is being edited: the form, the chosen part, the problems. Everything else listens to it. */

export class Store extends EventTarget {
  constructor(config, source) {
    super();
    this.config = config;
    this.texts = config.texts;
    this.choices = config.choices;
    this.groups = config.groups;
    this.source = source;
    this.form = config.form;
    this.part = "trigger";
    this.problems = [];
    this.summaries = {};
    this.text = "";
    this.left = new Set(); // parts that somebody has seen and left: now empty fields are mistakes
    this.showsAll = config.show_problems;
    this.learn(config.checked || {});
  }

  /* Something in the form has changed. `redraw`: more than what the page already shows. */
  changed({ redraw = false } = {}) {
    this.write();
    this.tell("form", { redraw });
  }

  write() {
    this.source.value = JSON.stringify(this.form);
  }

  learn({ problems, summaries, text }) {
    if (problems) this.problems = problems;
    if (summaries) this.summaries = summaries;
    if (text !== undefined) this.text = text;
    this.tell("checked");
  }

  replace(form) {
    this.form = form;
    if (!this.get(this.part)) this.part = "trigger";
    this.changed({ redraw: true });
  }

  choose(part) {
    this.left.add(this.keyOf(this.part));
    this.part = part;
    this.tell("part");
  }

  /* A part's own mark, which stays when steps move. */
  keyOf(part) {
    const step = this.get(part);
    return step && step.uid ? step.uid : part;
  }

  /* The form of a part: "trigger" and "settings" share the head, "steps/1" is a step. */
  get(part) {
    if (part === "trigger" || part === "settings") return this.form.head;
    return part.split("/").reduce((here, key) => (here ? here[key] : undefined), this.form);
  }

  listOf(part) {
    const keys = part.split("/");
    const index = Number(keys.pop());
    return { list: this.get(keys.join("/")), index, path: keys.join("/") };
  }

  /* The problems of a part that should be seen by now. */
  problemsOf(part) {
    return this.problems.filter((one) => one.part === part && this.isDue(one));
  }

  isDue(problem) {
    if (this.showsAll || !problem.empty) return true;
    const key = this.keyOf(problem.part);
    return this.left.has(key) || !this.isFresh(problem.part);
  }

  isFresh(part) {
    const found = this.get(part);
    return part === "trigger" || part === "settings" ? !this.config.definition : Boolean(found && found.fresh);
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, listener) {
    this.addEventListener(name, (event) => listener(event.detail));
  }
}
