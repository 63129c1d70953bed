// A second click on a form that is on its way is not sent: the page of the first one comes.
(() => {
  let sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const elsewhere = event.submitter && (event.submitter.formTarget || event.submitter.hasAttribute("formaction"));
    if (elsewhere || !form.elements.form_key || event.defaultPrevented) return;
    if (form.matches("[hx-post]")) return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    setTimeout(() => sent.delete(form), 8000);
  });
  // Back shows the page as it was: its form may be sent again (the server knows its key).
  window.addEventListener("pageshow", () => { sent = new WeakSet(); });
})();
