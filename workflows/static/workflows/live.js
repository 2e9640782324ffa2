// Follows a run: asks for the changing part of its page, more and more rarely while nothing
// changes, not at all while nobody looks, and no more once the run has ended.
"use strict";

(() => {
  const FIRST_MS = 1000;
  const LONGEST_MS = 15000;
  const GROWTH = 1.5;

  /** @type {HTMLElement | null} */
  const found = document.querySelector("[data-sayr-live]");
  if (!found) return;
  const area = found;
  let wait = FIRST_MS;
  let timer = 0;
  let over = false;
  let asked = 0;

  /** @param {string} name */
  function note(name) {
    /** @type {NodeListOf<HTMLElement>} */
    const notes = document.querySelectorAll("[data-sayr-note]");
    for (const one of notes) {
      one.hidden = one.dataset.sayrNote !== name;
    }
  }

  /** @param {string} html */
  function show(html) {
    const open = new Set([...area.querySelectorAll("details[id][open]")].map((part) => part.id));
    const focused = area.contains(document.activeElement) ? document.activeElement?.id : "";
    area.innerHTML = html;
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const parts = area.querySelectorAll("details[id]");
    for (const part of parts) {
      if (open.has(part.id)) part.open = true;
    }
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {number} ms */
  function later(ms) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, ms);
  }

  async function ask() {
    if (document.hidden) return; // visibilitychange asks again
    const number = (asked += 1);
    let answer;
    try {
      const address = new URL(area.dataset.sayrLive || "", window.location.href);
      const rounds = new URLSearchParams(window.location.search).get("rounds");
      if (rounds) address.searchParams.set("rounds", rounds);
      address.searchParams.set("seen", area.dataset.sayrSeen || "");
      answer = await fetch(address, { credentials: "same-origin" });
      if (number !== asked) return; // asked again meanwhile: that answer is the newer one
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        over = true;
        note("stopped"); // logged out, or the run is no longer this person's to see
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      note("following");
      if (answer.status === 204) {
        wait = Math.min(wait * GROWTH, LONGEST_MS);
      } else {
        const news = await answer.json();
        if (number !== asked) return;
        area.dataset.sayrSeen = news.seen;
        show(news.html);
        if (news.ended) {
          over = true;
          note("");
          return;
        }
        wait = FIRST_MS;
      }
    } catch {
      if (number !== asked) return;
      note("lost");
      wait = Math.min(wait * GROWTH * GROWTH, LONGEST_MS);
    }
    later(wait);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || over) return;
    wait = FIRST_MS;
    later(0);
  });
  later(FIRST_MS);
})();
