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
