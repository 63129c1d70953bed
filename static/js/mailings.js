// How many the mailing would reach, while the form is being filled in.
(() => {
  const place = document.getElementById("audience");
  const form = place && place.closest("form");
  if (!form) return;
  let waiting = null;
  const count = async () => {
    const answer = await fetch(place.dataset.countUrl, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
    if (answer.ok) place.textContent = (await answer.text()).trim();
  };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(count, 400); };
  form.addEventListener("input", soon);
  count();
})();

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
