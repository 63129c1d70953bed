// What has just been done: closed by its × or, unless it is bad news, on its own when nobody is at it.
(() => {
  const LONG = 10000;
  const watch = (toast) => {
    if (toast.dataset.watched) return;
    toast.dataset.watched = "1";
    if (!["success", "info"].includes(toast.dataset.toast)) return;
    let timer = null;
    const start = () => { clearTimeout(timer); timer = setTimeout(() => toast.remove(), LONG); };
    for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
    start();
  };
  const watchAll = () => document.querySelectorAll("[data-toast]").forEach(watch);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close-toast]");
    if (button) button.closest("[data-toast]").remove();
  });
  document.addEventListener("htmx:afterSettle", watchAll);
  watchAll();
})();
