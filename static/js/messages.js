// The form of a text or of HTML: names at the cursor, and a preview while one types.
(() => {
  const form = document.getElementById("message-form");
  if (!form) return;
  const fields = ["subject", "preheader", "html", "text"].map((name) => form.elements[name]).filter((field) => field && field.type !== "hidden");
  const menu = document.querySelector(".names");
  let last = fields.at(-1);

  for (const field of fields) field.addEventListener("focus", () => { last = field; });
  menu.hidden = false;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const name = button.dataset.insert;
    const instead = name.endsWith("_url") ? "" : document.getElementById("fallback").value.replace(/["{}]/g, "").trim();
    menu.open = false;
    last.setRangeText(instead ? `{{ ${name} | default: "${instead}" }}` : `{{ ${name} }}`, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });

  let waiting = null;
  const look = () => {
    waiting = null;
    form.requestSubmit(document.getElementById("preview-button"));
  };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(look, 900); };
  form.addEventListener("input", soon);
  document.getElementById("recipient").addEventListener("input", soon);
  form.addEventListener("submit", () => { clearTimeout(waiting); });

  const widths = document.querySelector(".widths");
  const frame = document.querySelector(".letter");
  widths.hidden = false;
  widths.addEventListener("click", (event) => {
    const button = event.target.closest("[data-width]");
    if (!button) return;
    frame.classList.toggle("phone", button.dataset.width === "phone");
    for (const other of widths.children) other.setAttribute("aria-pressed", String(other === button));
  });
})();
