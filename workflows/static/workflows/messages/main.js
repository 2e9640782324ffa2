/* Shows a message filled in while it is written, gives its text a form, and puts values into it. */

import { applied } from "./marks.js";

(() => {
  const PAUSE_MS = 400;
  /** @type {HTMLElement | null} */
  const found = document.querySelector("[data-sayr-preview]");
  /** @type {HTMLFormElement | null} */
  const formOfPage = document.querySelector("#messagetemplate_form");
  if (!found || !formOfPage) return;
  const [area, form] = [found, formOfPage];
  /** @type {(name: string) => HTMLElement} */
  const part = (name) => /** @type {HTMLElement} */ (area.querySelector(`[data-sayr-${name}]`));
  /** @type {(name: string) => HTMLInputElement | HTMLTextAreaElement | null} */
  const field = (name) => form.querySelector(`#id_${name}`);
  const TEXTS = ["subject", "body", "text", "html"];
  const WRITTEN = [...TEXTS, "parameters", "parameter_format", "header_kind", "header_text", "footer"];
  const OF_WHATSAPP = ["header_kind", "header_text", "footer", "buttons"];
  /** What a button of each kind needs beside its kind.
      @type {Record<string, string[]>} */
  const NEEDS = { url: ["text", "target"], phone: ["text", "target"], quick_reply: ["text"], copy_code: [], otp: [] };
  let timer = 0;
  let asked = 0;
  let target = field("body");
  /** @type {HTMLInputElement | null} */
  const both = document.querySelector("[data-sayr-both]");

  function channel() {
    return field("channel")?.value || area.dataset.sayrStoredChannel || "email";
  }

  /** Which of the texts are sent: a formatted one, or HTML and text. Of WhatsApp: the text. */
  function shownTexts() {
    if (channel() === "whatsapp") return ["text"];
    return ["subject", ...(field("written_as")?.value === "html" ? ["text", "html"] : ["body"])];
  }

  /** The language whose text the preview shows: the message's own, or the other one. */
  function side() {
    const chosen = /** @type {HTMLSelectElement} */ (part("side")).value;
    return both?.checked ? chosen : "";
  }

  function language() {
    const own = field("language")?.value || area.dataset.sayrStoredLanguage || "";
    if (!side()) return own;
    return own.toLowerCase().startsWith("ar") ? "en" : "ar";
  }

  function draft() {
    const data = new FormData();
    /** @type {HTMLInputElement | null} */
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    data.set("csrfmiddlewaretoken", token?.value || "");
    data.set("tenant", field("tenant")?.value || area.dataset.sayrTenant || "");
    data.set("template", area.dataset.sayrTemplate || "");
    data.set("channel", channel());
    data.set("language", language());
    data.set("sample", /** @type {HTMLSelectElement} */ (part("sample")).value);
    const texts = shownTexts();
    for (const name of WRITTEN) {
      const isText = TEXTS.includes(name);
      if (!isText || texts.includes(name)) data.set(name, field((isText ? side() : "") + name)?.value || "");
    }
    /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */
    const inputs = form.querySelectorAll("[data-sayr-buttons] :is(input, select)");
    for (const input of inputs) data.set(input.name, input.value);
    return data;
  }

  /** Where a field stands: of two side by side its half of the row.
      @param {string} name @returns {HTMLElement | null} */
  function boxOf(name) {
    return form.querySelector(`.fieldBox.field-${name}`) || form.querySelector(`.form-row.field-${name}`);
  }

  /** @param {Record<string, string>} problems */
  function showProblems(problems) {
    for (const name of WRITTEN) {
      const row = boxOf(TEXTS.includes(name) ? side() + name : name);
      for (const other of [name, `other_${name}`]) boxOf(other)?.querySelector("[data-sayr-live]")?.remove();
      if (!row || !problems[name]) continue;
      const list = document.createElement("ul");
      list.className = "errorlist";
      list.dataset.sayrLive = "";
      list.setAttribute("role", "status");
      list.appendChild(document.createElement("li")).textContent = problems[name];
      row.prepend(list);
    }
  }

  // The form's content goes into a frame of its own, which may run nothing and reach nothing.
  // A new frame each time: one that goes on to another page would add to the browser's history.
  /** @param {FormData} data */
  function showHtml(data) {
    const place = part("frame");
    const frame = document.createElement("iframe");
    frame.name = `sayr-mail-${asked}`;
    frame.title = place.dataset.sayrFrame || "";
    frame.setAttribute("sandbox", "");
    place.replaceChildren(frame);
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = area.dataset.sayrPreviewHtml || "";
    sent.target = frame.name;
    sent.hidden = true;
    for (const [name, value] of data) {
      const input = document.createElement("textarea");
      input.name = name;
      input.value = String(value);
      sent.append(input);
    }
    document.body.append(sent);
    sent.submit();
    sent.remove();
  }

  async function show() {
    const data = draft();
    const number = (asked += 1);
    let answer;
    try {
      const response = await fetch(area.dataset.sayrPreview || "", { method: "POST", body: data });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      answer = await response.json();
    } catch {
      part("failed").hidden = false;
      return;
    }
    if (number !== asked) return; // somebody has typed on
    part("failed").hidden = true;
    const chat = channel() === "whatsapp";
    part("mail").hidden = chat;
    part("chat").hidden = !chat;
    part("values").textContent = answer.values;
    for (const name of ["subject", "text"]) {
      part(name).textContent = answer[name];
      part(name).dir = answer.direction;
    }
    part("bubble").innerHTML = answer.bubble; // drawn, and escaped, by the server
    for (const name of ["subject", "body", "text", "header_text", "footer"]) {
      const input = field((TEXTS.includes(name) ? side() : "") + name);
      if (input) input.dir = answer.direction;
    }
    showProblems(answer.problems);
    /** @type {HTMLDetailsElement} */ (part("plain")).open = !answer.has_html;
    if (answer.has_html && !chat) showHtml(data);
    else part("frame").replaceChildren();
  }

  function soon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(show, PAUSE_MS);
  }

  /** @param {string} name @param {boolean} isShown */
  function showRow(name, isShown) {
    const box = boxOf(name);
    if (box) box.hidden = !isShown;
  }

  /** @type {NodeListOf<HTMLElement>} */
  const rows = form.querySelectorAll("[data-sayr-button]");
  const buttons = [...rows];
  /** @type {HTMLElement | null} */
  const more = form.querySelector("[data-sayr-add-button]");
  let open = buttons.filter((row) => row.querySelector("select")?.value).length;

  function arrangeButtons() {
    buttons.forEach((row, number) => {
      const kind = row.querySelector("select")?.value || "";
      row.hidden = number >= open && !kind;
      for (const name of ["text", "target"]) {
        /** @type {HTMLElement | null} */
        const input = row.querySelector(`[data-sayr-button-${name}]`);
        if (input) input.hidden = !(NEEDS[kind] || []).includes(name);
      }
    });
    if (more) more.hidden = open >= buttons.length;
  }

  more?.addEventListener("click", () => {
    open += 1;
    arrangeButtons();
    buttons[open - 1]?.querySelector("select")?.focus();
  });

  function arrange() {
    const chat = channel() === "whatsapp";
    const texts = shownTexts();
    for (const name of TEXTS) {
      showRow(name, texts.includes(name));
      showRow(`other_${name}`, !chat && texts.includes(name) && !!both?.checked);
      /** @type {HTMLElement | null | undefined} */
      const row = boxOf(name)?.closest(".form-row");
      if (row) row.hidden = !texts.includes(name);
    }
    showRow("written_as", !chat);
    for (const name of OF_WHATSAPP) showRow(name, chat);
    showRow("header_text", chat && (field("header_kind")?.value ?? "text") === "text");
    arrangeButtons();
    /** @type {HTMLElement | null} */
    const registered = form.querySelector(".sayr-only-whatsapp");
    if (registered) registered.hidden = !chat;
    if (tools) tools.hidden = chat;
    if (marks) marks.hidden = !texts.includes("body");
    part("side-label").hidden = chat || !both?.checked;
    const test = area.querySelector("[data-sayr-test]");
    if (test instanceof HTMLElement) test.hidden = chat;
  }

  /** The first switch to formatted text begins with the text that is there. */
  function begin() {
    for (const prefix of ["", "other_"]) {
      const [body, text] = [field(`${prefix}body`), field(`${prefix}text`)];
      if (body && text && !body.value && field("written_as")?.value === "formatted") body.value = text.value;
    }
  }

  /** @param {import("./marks.js").Edit} edit */
  function put({ from, to, text, selectFrom, selectTo }) {
    if (!target) return;
    target.focus();
    target.setRangeText(text, from, to, "end");
    target.setSelectionRange(selectFrom, selectTo);
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {string} text */
  function insert(text) {
    if (!target) return;
    const from = target.selectionStart ?? 0;
    const end = from + text.length;
    put({ from, to: target.selectionEnd ?? from, text, selectFrom: end, selectTo: end });
  }

  /** @param {HTMLElement} button */
  function mark(button) {
    if (!target || !target.id.endsWith("body")) target = field(`${side()}body`);
    if (!target) return;
    const [from, to] = [target.selectionStart ?? 0, target.selectionEnd ?? 0];
    put(applied(button.dataset.sayrMark || "", target.value, from, to, button.dataset.sayrSays || ""));
  }

  async function sendTest() {
    const said = part("tested");
    const button = /** @type {HTMLButtonElement} */ (part("test"));
    button.disabled = true;
    try {
      const response = await fetch(area.dataset.sayrSendTest || "", { method: "POST", body: draft() });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const answer = await response.json();
      said.textContent = answer.said;
      said.classList.toggle("sayr-notice-warn", !answer.is_sent);
    } catch {
      said.textContent = part("failed").textContent;
    }
    said.hidden = false;
    button.disabled = false;
  }

  // The tools belong to the texts: above them, not below everything.
  /** @type {HTMLElement | null} */
  const tools = document.querySelector("[data-sayr-tools]");
  /** @type {HTMLElement | null} */
  const marks = document.querySelector("[data-sayr-marks]");
  const first = field("subject")?.closest(".form-row");
  if (tools && first) first.before(tools);
  if (both) both.checked = ["other_subject", "other_body", "other_text"].some((name) => field(name)?.value);

  form.addEventListener("focusin", (event) => {
    const input = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (event.target);
    if (!TEXTS.some((name) => [`id_${name}`, `id_other_${name}`].includes(input.id))) return;
    target = input;
    const chosen = input.id.startsWith("id_other_") ? "other_" : "";
    const select = /** @type {HTMLSelectElement} */ (part("side"));
    if (select.value === chosen) return;
    select.value = chosen; // the preview follows the language that is written
    soon();
  });
  form.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    if (event.target === field("written_as")) begin();
    arrange();
    soon();
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    /** @type {HTMLElement | null} */
    const chip = event.target.closest("[data-sayr-insert]");
    if (chip?.dataset.sayrInsert) insert(`{{ ${chip.dataset.sayrInsert} }}`);
    /** @type {HTMLElement | null} */
    const button = event.target.closest("[data-sayr-mark]");
    if (button) mark(button);
    if (event.target.closest("[data-sayr-test]")) sendTest();
  });

  area.hidden = false;
  arrange();
  show();
})();
