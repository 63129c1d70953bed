// The toolbar of a text, and rich text in the place of a form's field that holds it. Without this script the
// field is a plain one. The canvas has a toolbar of its own, for the text that is written in place.
(() => {
  const shape = document.getElementById("rich-bar");
  const { letterText: text } = window;
  if (!shape || !text || !window.Squire) return;
  let made = 0;

  const barButtons = (bar) => [...bar.querySelectorAll("[role=toolbar] button")];
  const newBar = () => {
    made += 1;
    const bar = shape.content.firstElementChild.cloneNode(true);
    for (const part of bar.querySelectorAll("[id], [for]")) {
      if (part.id) part.id += `-${made}`;
      if (part.htmlFor) part.htmlFor += `-${made}`;
    }
    for (const button of barButtons(bar)) button.tabIndex = -1;
    barButtons(bar)[0].tabIndex = 0;
    return bar;
  };
  // What a line takes is a field alone; a bar without an editor takes nothing.
  const attach = (bar, editor) => {
    bar.letterEditor = editor;
    for (const part of bar.querySelectorAll("[data-fold]")) part.hidden = true;
    const usable = barButtons(bar).filter((button) => {
      button.disabled = !editor || (!editor.isRich && button.dataset.act !== "field");
      button.tabIndex = -1;
      return !button.disabled;
    });
    (usable[0] || barButtons(bar)[0]).tabIndex = 0;
    mark(bar);
  };
  const mark = (bar) => {
    const editor = bar.letterEditor;
    for (const button of bar.querySelectorAll("[data-mark]")) button.setAttribute("aria-pressed", String(Boolean(editor && editor.has(button.dataset.mark))));
  };

  const act = (bar, button) => {
    const editor = bar.letterEditor;
    if (!editor) return;
    const { mark: tag, act: name } = button.dataset;
    if (tag) editor.mark(tag);
    else if (name === "bullets" || name === "numbers") editor.list(name === "bullets" ? "ul" : "ol");
    else if (name === "plain") editor.clear();
    else if (name === "link" || name === "field") unfold(bar, name);
    else if (name === "set-link") {
      const address = bar.querySelector("[data-address]").value.trim();
      fold(bar);
      editor.link(address);
    } else if (name === "set-field") {
      const fallback = bar.querySelector("[data-fallback]").value.replace(/["{}]/g, "").trim();
      const field = bar.querySelector("[data-field]").value;
      fold(bar);
      editor.insertField(fallback && !field.endsWith("_url") ? `${field} | default: "${fallback}"` : field, bar.letterChip);
    }
    mark(bar);
  };
  const unfold = (bar, name, chip = null) => {
    const editor = bar.letterEditor;
    for (const part of bar.querySelectorAll("[data-fold]")) part.hidden = part.dataset.fold !== name || !part.hidden;
    const shown = bar.querySelector("[data-fold]:not([hidden])");
    bar.letterChip = chip;
    if (!shown) { editor.focus(); return; }
    if (name === "link") bar.querySelector("[data-address]").value = editor.address() || "https://";
    else {
      const [, field, , fallback = ""] = /^\s*([^|]*?)\s*(\|\s*default:\s*"([^"]*)".*)?$/.exec(chip ? chip.dataset.placeholder : "") || [];
      const select = bar.querySelector("[data-field]");
      if (field && [...select.options].some((one) => one.value === field)) select.value = field;
      bar.querySelector("[data-fallback]").value = fallback;
    }
    shown.querySelector("input, select").focus();
  };
  const fold = (bar) => {
    for (const part of bar.querySelectorAll("[data-fold]")) part.hidden = true;
    bar.letterEditor.focus();
  };
  // The keys of a text that lead to its toolbar. True if it was one.
  const keyed = (bar, event, box, here = text) => {
    const ctrl = event.ctrlKey || event.metaKey;
    const chip = event.key === "Enter" && here.chosen(box);
    if (event.altKey && event.key === "F10") bar.querySelector("[role=toolbar] button[tabindex='0']").focus();
    else if (ctrl && event.key.toLowerCase() === "k" && bar.letterEditor.isRich) unfold(bar, "link");
    else if (event.ctrlKey && event.key === " ") unfold(bar, "field");
    else if (chip) unfold(bar, "field", chip);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  // HTML of a clipboard, cleaned by the server before any browser reads it; empty when that failed.
  const cleaned = async (html) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(shape.dataset.paste, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ html }) });
      return answer.ok ? await answer.text() : "";
    } catch { return ""; }
  };
  const pasted = async (editor, data) => {
    const [html, typed] = [data.getData("text/html"), data.getData("text/plain")];
    const clean = editor.isRich && html ? await cleaned(html) : "";
    if (clean) editor.html(clean);
    else if (typed) editor.text(typed);
  };
  window.letterBar = { newBar, attach, mark, keyed, pasted };

  const upgrade = (field) => {
    const bar = newBar();
    const box = document.createElement("div");
    const label = field.labels[0];
    label.id = label.id || `rich-label-${made}`;
    Object.assign(box, { className: "rich-text form-control", id: `rich-${made}` });
    for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-labelledby", label.id]]) box.setAttribute(name, value);
    field.before(bar, box);
    field.hidden = true;
    label.addEventListener("click", () => box.focus());
    const changed = () => {
      const value = text.written(box);
      if (value === field.value) return;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const editor = text.richEditor(box, field.value, { onInput: changed, onPath: () => mark(bar) });
    Object.assign(editor, { bar, field });
    box.letterEditor = editor;
    attach(bar, editor);
  };
  window.letterRich = (root) => { for (const field of root.querySelectorAll("textarea[data-rich-source]:not([hidden])")) upgrade(field); };

  // Pointer and keys alike; the selection stays where it was.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest(".rich-bar [role=toolbar] button")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".rich-bar button");
    if (button) act(button.closest(".rich-bar"), button);
    const chip = event.target.closest(".rich-text [data-placeholder]");
    if (chip) text.choose(chip);
  });

  // Alt+F10 to the bar, arrows inside it, Escape back (WAI-ARIA, toolbar). Tab is never taken.
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest && event.target.closest(".rich-text");
    if (box) { keyed(box.letterEditor.bar, event, box); return; }
    const bar = event.target.closest && event.target.closest(".rich-bar");
    if (!bar) return;
    if (event.key === "Escape") { fold(bar); event.preventDefault(); event.stopPropagation(); return; }
    if (event.key === "Enter" && event.target.matches("[data-fold] input, [data-fold] select")) {
      event.preventDefault();
      act(bar, event.target.closest("[data-fold]").querySelector("button"));
      return;
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = barButtons(bar).filter((button) => !button.disabled);
    const at = buttons.indexOf(event.target);
    if (!step || at < 0) return;
    const next = buttons[(at + step + buttons.length) % buttons.length];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
  }, true);

  document.addEventListener("paste", (event) => {
    const box = event.target.closest && event.target.closest(".rich-text");
    if (!box) return;
    event.preventDefault();
    event.stopPropagation();
    pasted(box.letterEditor, event.clipboardData);
  }, true);
})();
