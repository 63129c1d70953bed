// The list of steps by key: Alt+ArrowUp and Alt+ArrowDown move the step that has the focus; after a
// move the focus stays with it. Buttons do the same without JavaScript.
(() => {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const step = event.target.closest("[data-step]");
    if (!step) return;
    const button = document.getElementById(`${event.key === "ArrowUp" ? "up" : "down"}-${step.dataset.step}`);
    if (!button) return;
    event.preventDefault();
    button.focus();
    button.click();
  });
})();
