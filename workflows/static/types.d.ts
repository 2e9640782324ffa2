// What the editor's scripts hold and are sent. The server's side of it: workflows/admin/editor/.

/* ---- The form: shape.py, steps.py, params.py, conditions.py ------------------------------- */

/** What a field holds. In the form every value is text; lists and groups hold others. */
export type Value = string | number | boolean | null | undefined | Value[] | Group;
export type Group = { [name: string]: Value };

/** Made just now: short names follow what people call the thing. */
export type Fresh = boolean | string;

export type Row = { field: string; operator: string; value: string | string[]; typed?: boolean; kept?: Value };
export type Rows = { mode: string; rows: (Row | Rows)[]; was?: string };

export type Retry = { attempts: string; delay: string; backoff: string; max_delay: string };
export type Recovery = { steps: Step[]; then: string; codes: string[] };

export type Step = {
  uid?: string;
  name: string;
  label: string;
  note?: string; // for colleagues
  action: string;
  params: Group;
  condition: Rows;
  on_error: string | Recovery;
  timeout: string;
  after_crash: string;
  retry: Retry;
  kept: Group;
  fresh?: Fresh;
  was?: Value;
};

/** An element of a list that holds steps or a condition: a way of a branch, a reminder. */
export type Block = { uid?: string; name?: string; label?: string; action?: string; named?: string; fresh?: Fresh; [member: string]: Value };

export type Setting = { k: string; v: string; was?: string };
export type Head = {
  name: string;
  trigger_type: string;
  also_on: string[];
  filter: Rows;
  values: Setting[];
  output: Value;
  [setting: string]: Value;
};
export type Form = { head: Head; steps: Step[]; on_failure: Step[]; sayr_form?: number };

/* ---- What the server says: choices.py, nodes.py, values.py, check.py, widget.py ------------ */

export interface Choice {
  value: string;
  title: string;
}
export interface ChoiceGroup {
  title: string;
  choices: Choice[];
}

/** A field of an action's parameters. */
export interface Field {
  kind: string;
  title?: string;
  help?: string;
  required?: boolean;
  template?: boolean;
  html?: boolean;
  long?: boolean;
  more?: boolean;
  creates?: boolean;
  sorts?: boolean;
  usual?: string;
  source?: string;
  one?: string;
  names?: string;
  payload?: string;
  choices?: string[];
  options?: Choice[];
  words?: Record<string, string>;
  when?: Record<string, string[]>;
  ways?: { title: string; ways: { title: string; members: string[] }[] };
  items?: Field;
  members?: Record<string, Field>;
}

export interface Action {
  label: string;
  description: string;
  icon: string;
  steers: boolean;
  may_repeat: boolean;
  may_ask: boolean;
  usual_tries: string;
  uses: number;
  order: number;
  node: Field;
  blank: Group;
  blocks: Record<string, Block>;
}

export interface EventKind extends Choice {
  seen: boolean;
  fields: Choice[];
}

export interface Column {
  title: string;
  choices?: Choice[];
  long?: boolean;
  boolean?: boolean;
}

export interface Operator {
  name: string;
  label: string;
  kinds: string[];
  wants: "value" | "list" | "pair" | "duration" | "nothing";
  before: boolean;
}

/** What a WhatsApp template asks for. */
export interface Asked extends Choice {
  help?: string;
  optional?: string;
}

/** What can be chosen. */
export interface Choices {
  actions: Record<string, Action>;
  words: Record<string, string>;
  days: Choice[];
  usual_choices: Group[];
  events: EventKind[];
  people: { roles: Choice[]; people: Choice[] };
  tables: Choice[];
  operators: Operator[];
  fields: Record<string, Record<string, Column>>;
  creatable: Record<string, Record<string, Column>>;
  readable: Record<string, Record<string, Column>>;
  references: Record<string, Choice[]>;
  parameters: Record<string, Asked[]>;
}

export interface ValueItem {
  path: string;
  label: string;
  example: string;
  kind: string;
  choices?: Choice[];
}
export interface ValueGroup {
  title: string;
  root: string;
  step?: string;
  real?: boolean;
  items: ValueItem[];
}

export interface Problem {
  part: string;
  area: string;
  at: (string | number)[];
  text: string;
  empty?: boolean;
}
export interface Summary {
  line?: string;
  condition?: string;
}
export interface Checked {
  problems?: Problem[];
  off?: string;
  summaries?: Record<string, Summary>;
  text?: string;
  trial?: Trial;
}

/** Whether it would run through: trial.py. */
export interface Trial {
  state: "ran" | "fails" | "unknown" | "invalid";
  text: string;
  part: string;
}

export interface ConflictSaid {
  is_draft?: boolean;
  version: number;
  draft: string;
  who: string;
  when: string;
  note: string;
  differences: { place: string; mine: string; theirs: string }[];
  theirs: Form;
}

export type Texts = Record<string, string>;

export interface Config {
  form: Form | null;
  choices: Partial<Choices>; // empty while no company is chosen
  groups: ValueGroup[];
  checked: Checked;
  show_problems: boolean;
  definition: string;
  tenant: string;
  person: string; // who edits: unsaved work is theirs
  time_zone: string; // the person's clock
  version: number;
  draft: string;
  conflict: ConflictSaid | null;
  urls: Record<string, string>;
  texts: Texts;
}

/** The answers of views.py. A refused question has only an error. */
export interface Answers {
  check: Checked & { error?: string; saved?: boolean; when?: string; form?: Form };
  trial: Trial;
  preview: { previews?: Preview[] };
  values: { groups: ValueGroup[]; choices: Choices };
  message: { name?: string; url?: string; bubble?: string; subject?: string; text?: string };
  copy: { text?: string };
  paste: { error?: string; steps: Step[]; missing: string[] };
}
export interface Preview {
  text: string;
  state: "real" | "made_up" | "problem" | "none";
}

/* ---- What the modules tell one another through the store ---------------------------------- */

/** Where a value goes that is chosen in the panel: into an input, or by `put`. */
export interface Target {
  title: string;
  input?: TextInput;
  put?: (text: string) => void;
}
export interface ToastSaid {
  text: string;
  undo?: () => void;
  long?: boolean;
}
export interface Told {
  form: { redraw?: boolean };
  part: object;
  checked: object;
  values: object;
  choices: object;
  learn: object;
  undo: object;
  applied: object;
  back: object;
  away: { why: "offline" | "logged_out" };
  insert: Target;
  toast: ToastSaid;
}

/* ---- Elements ------------------------------------------------------------------------------ */

export type TextInput = HTMLInputElement | HTMLTextAreaElement;
export type Input = TextInput | HTMLSelectElement;
export type Child = globalThis.Node | string | null | undefined;
export type Children = Child | Child[];
// Handlers take the event that their name says; a value of null or false leaves the attribute out.
export type Attributes = {
  [name: string]: string | number | boolean | null | undefined | ((event: MouseEvent) => unknown);
};
export interface ButtonOptions extends Attributes {
  kind?: string;
  icon?: string;
  iconOnly?: boolean;
}

type NameIn<Tag extends string> = Tag extends `${infer Name}.${string}` ? Name : Tag;
/** The element that h("input.sayr-editor-input") makes. */
export type ElementOf<Tag extends string> =
  NameIn<Tag> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[NameIn<Tag>] : HTMLElement;

/* ---- django-jsonform, and React inside it --------------------------------------------------- */

/** A schema as django-jsonform draws it. */
export interface Drawable {
  type?: string;
  title?: string;
  description?: string;
  helpText?: string;
  required?: boolean;
  widget?: string;
  choices?: Choice[];
  maxItems?: number;
  items?: Drawable;
  properties?: Record<string, Drawable>;
  oneOf?: Drawable[];
}

export interface JsonForm {
  addEventListener(name: "change", listener: (event: { data: Group }) => void): void;
  update(given: { data?: Group; errorMap?: Record<string, string[]> }): void;
  getData(): Group;
  render(): void;
}

declare global {
  interface Window {
    reactJsonForm: {
      createForm(given: {
        containerId: string;
        dataInputId: string;
        schema: Drawable;
        data: Group;
        errorMap: Record<string, string[]>;
      }): JsonForm;
    };
    ReactDOM: { unmountComponentAtNode(container: Element): boolean };
  }
}
