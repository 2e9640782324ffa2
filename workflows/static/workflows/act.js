// Pages that ask before something is done: two clicks do it once, and choosing a step chooses its way.
"use strict";

(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("sayrOnce" in form.dataset)) return;
    if (form.dataset.sayrSent) event.preventDefault();
    form.dataset.sayrSent = "yes";
  });

  // Back from the next page, the form may be sent again.
  window.addEventListener("pageshow", () => {
    /** @type {NodeListOf<HTMLFormElement>} */
    const forms = document.querySelectorAll("[data-sayr-sent]");
    for (const form of forms) delete form.dataset.sayrSent;
  });

  /** @type {NodeListOf<HTMLSelectElement>} */
  const lists = document.querySelectorAll("[data-sayr-chooses]");
  for (const list of lists) {
    list.addEventListener("change", () => {
      const choice = document.getElementById(list.dataset.sayrChooses || "");
      if (choice instanceof HTMLInputElement) choice.checked = true;
    });
  }
})();
