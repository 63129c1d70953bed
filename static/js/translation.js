// A translation: rich text in its fields, and a warning before what is typed is left.
(() => {
  const form = document.querySelector("[data-translation]");
  if (!form) return;
  if (window.letterRich) window.letterRich(form);

  let typed = false;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

  // The field, not only its place on the page.
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#text-']");
    const row = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!row) return;
    event.preventDefault();
    row.scrollIntoView({ block: "center" });
    const field = row.querySelector(".rich-text, input:not([type=checkbox]):not([hidden]), select, textarea:not([hidden])");
    if (field) field.focus({ preventScroll: true });
  });
})();
