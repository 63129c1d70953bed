// The preview of the brand follows its form: what the button does, done after every change.
(() => {
  const form = document.querySelector("[data-brand]");
  if (!form) return;
  const buttons = [...form.elements].filter((one) => one.formTarget === "brand-preview");
  let [shown] = buttons;
  let waiting;
  if (form.dataset.brand) form.requestSubmit(shown);
  for (const button of buttons) button.addEventListener("click", () => { shown = button; });
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(shown), 400);
  });
})();
