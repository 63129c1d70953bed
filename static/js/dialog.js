// A confirmation page, loaded by htmx into the dialog instead of being opened.
(() => {
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "dialog-slot" && !dialog.open) dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const outside = event.target === dialog;
    const cancel = event.target.closest("[data-close-dialog]");
    if (!outside && !cancel) return;
    event.preventDefault();
    dialog.close();
  });
})();
