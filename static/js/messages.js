// The editor: Quill beside the source, names at the cursor, and a preview while one types.
(() => {
  const form = document.getElementById("message-form");
  if (!form) return;
  const source = form.elements.html;
  let last = source;
  let quill = null;

  // What Quill cannot keep, it would silently throw away: such a source stays a source.
  const plain = (html) => !/<(table|style|head|body|div|center|font|img)\b|\sstyle=|{%/i.test(html);
  const words = { editor: form.dataset.editor || "Editor", source: "HTML" };
  const tabs = document.createElement("div");
  tabs.className = "editor-tabs";
  const tab = (label, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-secondary";
    button.textContent = label;
    button.addEventListener("click", act);
    tabs.append(button);
    return button;
  };
  const box = document.createElement("div");
  box.hidden = true;
  const showSource = () => {
    box.hidden = true; source.hidden = false;
    toEditor.setAttribute("aria-pressed", "false"); toSource.setAttribute("aria-pressed", "true");
  };
  const showEditor = () => {
    if (!plain(source.value)) return;
    if (!quill) {
      const inner = document.createElement("div");
      box.append(inner);
      quill = new window.Quill(inner, {
        theme: "snow",
        modules: { toolbar: [[{ header: 1 }, { header: 2 }], ["bold", "italic", "underline", "link"], [{ list: "ordered" }, { list: "bullet" }], ["clean"]] },
      });
      quill.root.setAttribute("role", "textbox");
      quill.root.setAttribute("aria-multiline", "true");
      quill.root.setAttribute("aria-label", words.editor);
      quill.on("text-change", (delta, before, origin) => {
        if (origin !== "user") return;
        source.value = quill.getSemanticHTML();
        source.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
    quill.clipboard.dangerouslyPasteHTML(source.value, "silent");
    box.hidden = false; source.hidden = true;
    toEditor.setAttribute("aria-pressed", "true"); toSource.setAttribute("aria-pressed", "false");
  };
  const toEditor = tab("Aa", showEditor);
  const toSource = tab(words.source, showSource);
  source.before(tabs, box);
  const offer = () => { toEditor.disabled = !plain(source.value); };
  offer();
  if (window.Quill && plain(source.value)) showEditor(); else showSource();

  for (const field of [form.elements.subject, source, form.elements.text]) {
    field.addEventListener("focus", () => { last = field; });
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const name = `{{ ${button.dataset.insert} }}`;
    if (quill && !box.hidden && last === source) {
      const at = quill.getSelection(true);
      quill.insertText(at ? at.index : quill.getLength() - 1, name, "user");
      return;
    }
    last.setRangeText(name, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
  box.addEventListener("focusin", () => { last = source; });

  let waiting = null;
  const look = () => {
    waiting = null;
    offer();
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
