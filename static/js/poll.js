// Fragments that ask for themselves again: data-poll-every="2000" with hx-trigger="poll".
// Ten times slower while nobody looks; at once when somebody looks again.
(() => {
  const due = new WeakMap();
  const pause = (part) => Number(part.dataset.pollEvery) * (document.hidden ? 10 : 1);
  const look = () => {
    for (const part of document.querySelectorAll("[data-poll-every]")) {
      if (!Number(part.dataset.pollEvery) || part.classList.contains("htmx-request")) continue;
      if (part.querySelector("details.menu[open]")) continue;
      if (!due.has(part)) due.set(part, Date.now() + pause(part));
      if (Date.now() < due.get(part)) continue;
      due.set(part, Date.now() + pause(part));
      htmx.trigger(part, "poll");
    }
  };
  setInterval(look, 250);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const part of document.querySelectorAll("[data-poll-every]")) due.set(part, 0);
    look();
  });

  // What somebody has unfolded stays so when its part is put in its place anew.
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...document.querySelectorAll("details[id][open]")].map((part) => part.id);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of unfolded) {
      const part = document.getElementById(id);
      if (part && !part.open) part.open = true;
    }
  });

  // What a screen reader hears: only what has changed since the last time.
  const announcer = document.getElementById("announcer");
  document.addEventListener("htmx:afterSettle", () => {
    const part = document.querySelector("[data-announce]");
    const words = part ? part.dataset.announce : "";
    if (announcer && words && announcer.textContent !== words) announcer.textContent = words;
  });
})();
