// Small helps of any page: copy a number, unfold everything, print all of it.
"use strict";

(() => {
  async function copy(button) {
    const text = button.dataset.sayrCopy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS the browser keeps the clipboard to itself: the number is selected instead.
      const shown = button.parentElement.querySelector("code");
      if (shown) window.getSelection().selectAllChildren(shown);
      return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.sayrCopied;
    window.setTimeout(() => { button.textContent = before; }, 1500);
  }

  function unfold(button) {
    const parts = [...document.querySelectorAll(button.dataset.sayrUnfold)];
    const open = parts.some((part) => !part.open);
    for (const part of parts) part.open = open;
    const other = button.dataset.sayrFold;
    button.dataset.sayrFold = button.textContent;
    button.textContent = other;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("sayrCopy" in button.dataset) copy(button);
    if ("sayrUnfold" in button.dataset) unfold(button);
    if ("sayrPrint" in button.dataset) window.print();
  });

  // Paper cannot be unfolded.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll(".sayr-step-values:not([open]), .sayr-part:not([open])")];
    for (const part of folded) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
})();
