// The search for tags belongs to the list of their names.
(() => {
  const names = document.getElementById("id_tag_names");
  const finder = document.getElementById("tag-finder");
  if (!names || !finder) return;
  names.after(finder);
  finder.hidden = false;
})();

// A tag that was found goes into the list of names, once.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-tag]");
  const names = document.getElementById("id_tag_names");
  if (!button || !names) return;
  const lines = names.value.split("\n").filter((line) => line.trim());
  if (!lines.includes(button.dataset.addTag)) lines.push(button.dataset.addTag);
  names.value = lines.join("\n");
  names.dispatchEvent(new Event("input", { bubbles: true }));
});
