// Small helps of any page: copy a number, unfold everything, print all of it.
"use strict";

(() => {
  /** @param {HTMLButtonElement} button */
  async function copy(button) {
    const text = button.dataset.sayrCopy || "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS the browser keeps the clipboard to itself: the number is selected instead.
      const shown = button.parentElement?.querySelector("code");
      if (shown) window.getSelection()?.selectAllChildren(shown);
      return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.sayrCopied || before;
    window.setTimeout(() => { button.textContent = before; }, 1500);
  }

  /** @param {HTMLButtonElement} button */
  function unfold(button) {
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const found = document.querySelectorAll(button.dataset.sayrUnfold || "details");
    const parts = [...found];
    const open = parts.some((part) => !part.open);
    for (const part of parts) part.open = open;
    const other = button.dataset.sayrFold;
    button.dataset.sayrFold = button.textContent || "";
    button.textContent = other || "";
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    if ("sayrCopy" in button.dataset) copy(button);
    if ("sayrUnfold" in button.dataset) unfold(button);
    if ("sayrPrint" in button.dataset) window.print();
  });

  // Paper cannot be unfolded.
  /** @type {HTMLDetailsElement[]} */
  let folded = [];
  window.addEventListener("beforeprint", () => {
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const found = document.querySelectorAll(".sayr-step-values:not([open]), .sayr-part:not([open])");
    folded = [...found];
    for (const part of folded) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
})();
