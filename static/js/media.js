// Pictures: one that is pasted is added like one that is chosen, and a choice is an event of the page.
(() => {
  document.addEventListener("paste", (event) => {
    const form = document.querySelector("[data-media-add]");
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (!form || !files.length || event.target.closest?.("[contenteditable]")) return;
    event.preventDefault();
    const taken = new DataTransfer();
    for (const file of files) taken.items.add(file);
    const field = form.elements.file;
    field.files = taken.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-media-add]");
    if (!form) return;
    form.setAttribute("aria-busy", "true");
    const place = form.querySelector("[data-chosen]");
    place.textContent = [place.dataset.busy, place.textContent].filter(Boolean).join(" ");
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-media-id]");
    if (!button) return;
    const about = button.dataset;
    const detail = {
      id: Number(about.mediaId), name: about.mediaName, alt: about.mediaAlt, thumbnail: about.mediaThumbnail,
      width: Number(about.mediaWidth), height: Number(about.mediaHeight),
    };
    button.dispatchEvent(new CustomEvent("media:picked", { bubbles: true, detail }));
  });
})();
