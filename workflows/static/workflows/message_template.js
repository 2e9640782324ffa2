// Shows a message template filled in while it is written, and puts values into it.
"use strict";

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
  const WRITTEN = ["subject", "text", "html", "parameters", "parameter_format", "header_kind", "header_text", "footer"];
  const OF_MAIL = ["subject", "html"];
  const OF_WHATSAPP = ["header_kind", "header_text", "footer", "buttons"];
  /** What a button of each kind needs beside its kind.
      @type {Record<string, string[]>} */
  const NEEDS = { url: ["text", "target"], phone: ["text", "target"], quick_reply: ["text"], copy_code: [], otp: [] };
  let timer = 0;
  let asked = 0;
  let target = field("text");

  function channel() {
    return field("channel")?.value || area.dataset.sayrStoredChannel || "email";
  }

  function draft() {
    const data = new FormData();
    /** @type {HTMLInputElement | null} */
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    data.set("csrfmiddlewaretoken", token?.value || "");
    data.set("tenant", field("tenant")?.value || area.dataset.sayrTenant || "");
    data.set("template", area.dataset.sayrTemplate || "");
    data.set("channel", channel());
    data.set("language", field("language")?.value || area.dataset.sayrStoredLanguage || "");
    data.set("sample", /** @type {HTMLSelectElement} */ (part("sample")).value);
    for (const name of WRITTEN) data.set(name, field(name)?.value || "");
    /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */
    const inputs = form.querySelectorAll("[data-sayr-buttons] :is(input, select)");
    for (const input of inputs) data.set(input.name, input.value);
    return data;
  }

  /** @param {Record<string, string>} problems */
  function showProblems(problems) {
    for (const name of WRITTEN) {
      const row = form.querySelector(`.form-row.field-${name}`);
      row?.querySelector("[data-sayr-live]")?.remove();
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
    for (const name of ["subject", "text", "html", "header_text", "footer"]) {
      const input = field(name);
      if (input) input.dir = name === "html" ? "ltr" : answer.direction;
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
    /** @type {HTMLElement | null} */
    const row = form.querySelector(`.form-row.field-${name}`);
    if (row) row.hidden = !isShown;
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
    for (const name of OF_MAIL) showRow(name, !chat);
    for (const name of OF_WHATSAPP) showRow(name, chat);
    showRow("header_text", chat && (field("header_kind")?.value ?? "text") === "text");
    arrangeButtons();
    /** @type {HTMLElement | null} */
    const registered = form.querySelector(".sayr-only-whatsapp");
    if (registered) registered.hidden = !chat;
    /** @type {HTMLElement | null} */
    const chips = document.querySelector("[data-sayr-chips]");
    if (chips) chips.hidden = chat;
  }

  /** @param {string} path */
  function insert(path) {
    if (!target) return;
    const text = `{{ ${path} }}`;
    target.focus();
    target.setRangeText(text, target.selectionStart ?? 0, target.selectionEnd ?? 0, "end");
    soon();
  }

  // The chips belong to the texts: above them, not below everything.
  const chips = document.querySelector("[data-sayr-chips]");
  const first = form.querySelector(".form-row.field-subject");
  if (chips && first) first.before(chips);

  form.addEventListener("focusin", (event) => {
    const input = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (event.target);
    if (["id_subject", "id_text", "id_html"].includes(input.id)) target = input;
  });
  form.addEventListener("input", soon);
  form.addEventListener("change", () => { arrange(); soon(); });
  document.addEventListener("click", (event) => {
    /** @type {HTMLElement | null} */
    const chip = event.target instanceof Element ? event.target.closest("[data-sayr-insert]") : null;
    if (chip?.dataset.sayrInsert) insert(chip.dataset.sayrInsert);
  });

  area.hidden = false;
  arrange();
  show();
})();
