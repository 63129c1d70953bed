// Ticked rows are remembered from page to page, until an act is done with them: data-selection="name".
(() => {
  const keyOf = (form) => `selection:${form.dataset.selection}`;
  const read = (key) => {
    try { return new Set(JSON.parse(sessionStorage.getItem(key) || "[]")); } catch { return new Set(); }
  };
  const write = (key, chosen) => {
    try { sessionStorage.setItem(key, JSON.stringify([...chosen])); } catch { /* then per page */ }
  };
  const show = (form) => {
    const chosen = read(keyOf(form));
    for (const box of form.querySelectorAll("input[name=ids]")) box.checked = chosen.has(box.value);
    const boxes = [...form.querySelectorAll("input[name=ids]")];
    const all = form.querySelector("[data-select-all]");
    if (all) {
      all.hidden = false;
      all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
      all.indeterminate = !all.checked && boxes.some((box) => box.checked);
    }
    const bar = form.querySelector("[data-bulk-bar]");
    if (!bar) return;
    bar.hidden = chosen.size === 0;
    const words = bar.querySelector("[data-selected]");
    words.textContent = words.dataset.selected.replace("{count}", chosen.size);
  };
  const showAll = () => document.querySelectorAll("form[data-selection]").forEach(show);
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-selection]");
    const whole = event.target.matches("[data-select-all]");
    if (!form || (event.target.name !== "ids" && !whole)) return;
    const chosen = read(keyOf(form));
    for (const box of whole ? form.querySelectorAll("input[name=ids]") : [event.target]) {
      if (event.target.checked) chosen.add(box.value); else chosen.delete(box.value);
    }
    write(keyOf(form), chosen);
    show(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-clear-selection]");
    if (!button) return;
    const form = button.closest("form[data-selection]");
    write(keyOf(form), []);
    const found = form.querySelector("[data-select-found]");
    if (found) found.checked = false;
    show(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-selection]");
    if (!form) return;
    const words = event.submitter && event.submitter.dataset.confirm;
    if (words && !window.confirm(words)) { event.preventDefault(); return; }
    const shown = new Set([...form.querySelectorAll("input[name=ids]")].map((box) => box.value));
    for (const id of read(keyOf(form))) {
      if (shown.has(id)) continue;
      const hidden = document.createElement("input");
      hidden.type = "hidden"; hidden.name = "ids"; hidden.value = id;
      form.append(hidden);
    }
    write(keyOf(form), []);
  });
  document.addEventListener("htmx:afterSwap", showAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showAll); else showAll();
})();
