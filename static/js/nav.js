// The navigation: menus close by Escape and by a click beside them; the lit section is in sight.
(() => {
  const menus = () => document.querySelectorAll("details.menu[open], details.bulk-acts[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  const here = document.querySelector(".sections .here");
  if (here) {
    const row = here.parentElement;
    row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  }
})();
