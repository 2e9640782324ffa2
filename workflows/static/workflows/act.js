// Pages that ask before something is done: two clicks do it once, and choosing a step chooses its way.
"use strict";

(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("sayrOnce" in form.dataset)) return;
    if (form.dataset.sayrSent) event.preventDefault();
    form.dataset.sayrSent = "yes";
  });

  // Back from the next page, the form may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sayr-sent]")) delete form.dataset.sayrSent;
  });

  for (const list of document.querySelectorAll("[data-sayr-chooses]")) {
    list.addEventListener("change", () => {
      document.getElementById(list.dataset.sayrChooses).checked = true;
    });
  }
})();
