// Menus close by Escape and by a click beside them; Ctrl+K opens the search.
(() => {
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // A file that was chosen or dropped is named beside the button, and sent where nothing else is asked.
  document.addEventListener("change", (event) => {
    const place = event.target.closest("[data-file-pick]");
    if (!place) return;
    place.querySelector("[data-chosen]").textContent = [...event.target.files].map((file) => file.name).join(", ");
    if (place.hasAttribute("data-send-at-once") && event.target.files.length) event.target.form.requestSubmit();
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const place = event.target.closest && event.target.closest("[data-file-pick]");
      if (!place) return;
      event.preventDefault();
      place.classList.toggle("over", name === "dragover");
      if (name !== "drop") return;
      const field = place.querySelector("input");
      field.files = event.dataTransfer.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // The head of a table stays in sight where the table needs no scrolling of its own.
  const fit = () => {
    for (const frame of document.querySelectorAll(".table-frame.data")) {
      frame.classList.remove("fits");
      frame.classList.toggle("fits", frame.scrollWidth <= frame.clientWidth);
    }
  };
  fit();
  addEventListener("resize", fit);
  document.addEventListener("htmx:afterSettle", fit);

  const finder = document.getElementById("finder");
  if (!finder) return;
  const open = () => {
    if (!finder.open) finder.showModal();
    finder.querySelector("input").select();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open-finder]");
    if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(); }
    if (event.target === finder || event.target.closest("#finder [data-close-dialog]")) finder.close();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  // The arrows walk through what was found; Enter in the field opens the first.
  finder.addEventListener("keydown", (event) => {
    const places = [finder.querySelector("input"), ...finder.querySelectorAll("a")];
    const at = places.indexOf(document.activeElement);
    if (event.key === "Enter" && at === 0 && places[1]) { event.preventDefault(); places[1].click(); }
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    places[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), places.length - 1)].focus();
  });
})();
