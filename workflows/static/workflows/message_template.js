// Shows a message template filled in while it is written, and puts values into it.
"use strict";

(() => {
  const PAUSE_MS = 400;
  const area = document.querySelector("[data-sayr-preview]");
  if (!area) return;
  const form = document.querySelector("#messagetemplate_form");
  const part = (name) => area.querySelector(`[data-sayr-${name}]`);
  const field = (name) => form.querySelector(`#id_${name}`);
  const WRITTEN = ["subject", "text", "html", "parameters", "parameter_format", "header_kind", "header_text", "footer"];
  const OF_MAIL = ["subject", "html"];
  const OF_WHATSAPP = ["header_kind", "header_text", "footer", "buttons"];
  // What a button of each kind needs beside its kind.
  const NEEDS = { url: ["text", "target"], phone: ["text", "target"], quick_reply: ["text"], copy_code: [], otp: [] };
  let timer = 0;
  let asked = 0;
  let target = field("text");

  function channel() {
    return field("channel")?.value || area.dataset.sayrStoredChannel || "email";
  }

  function draft() {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    data.set("tenant", field("tenant")?.value || area.dataset.sayrTenant);
    data.set("template", area.dataset.sayrTemplate);
    data.set("channel", channel());
    data.set("language", field("language")?.value || area.dataset.sayrStoredLanguage || "");
    data.set("sample", part("sample").value);
    for (const name of WRITTEN) data.set(name, field(name)?.value || "");
    for (const input of form.querySelectorAll("[data-sayr-buttons] :is(input, select)")) data.set(input.name, input.value);
    return data;
  }

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
  function showHtml(data) {
    const place = part("frame");
    const frame = document.createElement("iframe");
    frame.name = `sayr-mail-${asked}`;
    frame.title = place.dataset.sayrFrame;
    frame.setAttribute("sandbox", "");
    place.replaceChildren(frame);
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = area.dataset.sayrPreviewHtml;
    sent.target = frame.name;
    sent.hidden = true;
    for (const [name, value] of data) {
      const input = document.createElement("textarea");
      input.name = name;
      input.value = value;
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
      const response = await fetch(area.dataset.sayrPreview, { method: "POST", body: data });
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
      if (field(name)) field(name).dir = name === "html" ? "ltr" : answer.direction;
    }
    showProblems(answer.problems);
    part("plain").open = !answer.has_html;
    if (answer.has_html && !chat) showHtml(data);
    else part("frame").replaceChildren();
  }

  function soon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(show, PAUSE_MS);
  }

  function showRow(name, isShown) {
    const row = form.querySelector(`.form-row.field-${name}`);
    if (row) row.hidden = !isShown;
  }

  const buttons = [...form.querySelectorAll("[data-sayr-button]")];
  const more = form.querySelector("[data-sayr-add-button]");
  let open = buttons.filter((row) => row.querySelector("select").value).length;

  function arrangeButtons() {
    buttons.forEach((row, number) => {
      const kind = row.querySelector("select").value;
      row.hidden = number >= open && !kind;
      row.querySelector("[data-sayr-button-text]").hidden = !(NEEDS[kind] || []).includes("text");
      row.querySelector("[data-sayr-button-target]").hidden = !(NEEDS[kind] || []).includes("target");
    });
    if (more) more.hidden = open >= buttons.length;
  }

  more?.addEventListener("click", () => {
    open += 1;
    arrangeButtons();
    buttons[open - 1]?.querySelector("select").focus();
  });

  function arrange() {
    const chat = channel() === "whatsapp";
    for (const name of OF_MAIL) showRow(name, !chat);
    for (const name of OF_WHATSAPP) showRow(name, chat);
    showRow("header_text", chat && (field("header_kind")?.value ?? "text") === "text");
    arrangeButtons();
    const registered = form.querySelector(".sayr-only-whatsapp");
    if (registered) registered.hidden = !chat;
    const chips = document.querySelector("[data-sayr-chips]");
    if (chips) chips.hidden = chat;
  }

  function insert(path) {
    const text = `{{ ${path} }}`;
    target.focus();
    target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
    soon();
  }

  // The chips belong to the texts: above them, not below everything.
  const chips = document.querySelector("[data-sayr-chips]");
  const first = form.querySelector(".form-row.field-subject");
  if (chips && first) first.before(chips);

  form.addEventListener("focusin", (event) => {
    if (["id_subject", "id_text", "id_html"].includes(event.target.id)) target = event.target;
  });
  form.addEventListener("input", soon);
  form.addEventListener("change", () => { arrange(); soon(); });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-sayr-insert]");
    if (chip && target) insert(chip.dataset.sayrInsert);
  });

  area.hidden = false;
  arrange();
  show();
})();
