// Picking times: another time of day, and the next times while somebody picks.
"use strict";

(() => {
  const PAUSE_MS = 300;
  /** @type {NodeListOf<HTMLElement>} */
  const pickers = document.querySelectorAll("[data-sayr-picker]");
  for (const picker of pickers) start(picker);

  /** @param {HTMLElement} picker */
  function start(picker) {
    const form = picker.closest("form");
    /** @type {HTMLElement | null} */
    const next = picker.querySelector("[data-sayr-next]");
    /** @type {HTMLButtonElement | null} */
    const add = picker.querySelector("[data-sayr-add-time]");
    if (!form || !next || !add) return;
    let timer = 0;
    let asked = 0;

    add.addEventListener("click", () => {
      const times = picker.querySelectorAll("input[type=time]");
      const last = times[times.length - 1];
      const another = /** @type {HTMLInputElement} */ (last.cloneNode());
      another.value = "";
      last.after(another);
      another.focus();
    });

    const show = async () => {
      const number = (asked += 1);
      const name = picker.dataset.sayrPicker || "";
      const said = new URLSearchParams();
      for (const [key, value] of new FormData(form)) {
        if (typeof value === "string" && (key === name || key.startsWith(`${name}-`))) said.append(key.slice(name.length - "cron".length), value);
      }
      /** @param {string} key */
      const other = (key) => {
        /** @type {HTMLInputElement | null} */
        const field = form.querySelector(`[name="${name.slice(0, -"cron".length)}${key}"]`);
        return field?.value || "";
      };
      for (const key of ["time_zone", "tenant", "definition"]) said.set(key, other(key));
      const answer = await fetch(`${picker.dataset.sayrUrl}?${said}`, { redirect: "manual" }).catch(() => null);
      if (number !== asked || !answer || !answer.ok) return;
      next.innerHTML = await answer.text();
    };
    const later = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(show, PAUSE_MS);
    };
    form.addEventListener("input", later);
    picker.closest("details")?.addEventListener("toggle", later);
    if (!picker.closest("details")) later();
  }
})();
