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
  // The account menu closes like one: by Escape, and by a click beside it.
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) { menu.open = false; menu.querySelector("summary").focus(); }
  });
})();
