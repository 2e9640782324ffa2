/* What the light says: whether the workflow can be published, and whether it would run. */

/** @import { Problem, Texts, Trial } from "../../types" */

import { say } from "./dom.js";

/** @typedef {{tone: "good" | "open" | "bad", text: string, part: string}} Light */

/** Green only for what has run through; what nobody can tell yet is said so.
    @param {{texts: Texts, problems: Problem[], off: string, trial: Trial | null, isDue(problem: Problem): boolean}} store
    @returns {Light} */
export function light(store) {
  const { texts, problems, off, trial } = store;
  if (problems.length) {
    const first = problems.find((one) => store.isDue(one)) || problems[0];
    // What was only just added is not yet wrong: it is not finished.
    const isOpen = !problems.some((one) => store.isDue(one));
    return { tone: isOpen ? "open" : "bad", text: isOpen ? texts.not_finished : say(texts.some_wrong, { count: problems.length }), part: first.part };
  }
  if (off) return { tone: "bad", text: say(texts.connections_off, { names: off }), part: "" };
  if (!trial || trial.state === "invalid") return { tone: "open", text: texts.being_tried, part: "" };
  const tones = /** @type {const} */ ({ ran: "good", fails: "bad", unknown: "open" });
  return { tone: tones[trial.state], text: trial.text, part: trial.part };
}
