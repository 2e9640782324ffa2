// The menu on screens that have no room for it beside the page: a button opens it.
"use strict";

(() => {
  const OPEN = "sayr-menu-open";
  const button = document.getElementById("sayr-menu");
  const main = document.getElementById("main");
  const menu = document.getElementById("nav-sidebar");
  if (!button || !main || !menu) {
    button?.remove();
    return;
  }

  /** @param {boolean} isOpen */
  function show(isOpen) {
    main?.classList.toggle(OPEN, isOpen);
    button?.setAttribute("aria-expanded", String(isOpen));
  }

  button.addEventListener("click", () => {
    const isOpen = !main.classList.contains(OPEN);
    show(isOpen);
    if (!isOpen) return;
    /** @type {HTMLAnchorElement | null} */
    const first = menu.querySelector("a[href]");
    first?.focus();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(false);
    button.focus();
  });
})();
