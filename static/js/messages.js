// The editor: Quill beside the source, names at the cursor, and a preview while one types.
(() => {
  const form = document.getElementById("message-form");
  if (!form) return;
  const source = form.elements.html;
  const words = form.dataset;
  let last = source;
  let quill = null;

  // What Quill cannot keep it would silently throw away: HTML with more than this stays a source.
  const KEPT = { P: [], BR: [], H1: [], H2: [], STRONG: [], B: [], EM: [], I: [], U: [], OL: [], UL: [], LI: [], A: ["href", "title", "rel", "target"] };
  const FORMATS = ["header", "bold", "italic", "underline", "link", "list"];
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
  const isKept = (element) => element.tagName in KEPT && [...element.attributes].every((one) => KEPT[element.tagName].includes(one.name));
  const plain = (html) => !/{%|<(!|\/?(head|body|html|script|style|title|meta|link)\b)/i.test(html) && [...parsed(html).querySelectorAll("*")].every(isKept);

  // A no-break space that somebody typed goes through Quill as a character of its own.
  const NO_BREAK = "\u00a0";
  const HELD = "\ue0a0";
  const opened = (html) => {
    const delta = quill.clipboard.convert({ html: html.replace(/&nbsp;|\u00a0/g, HELD) });
    for (const piece of delta.ops) if (typeof piece.insert === "string") piece.insert = piece.insert.replaceAll(HELD, NO_BREAK);
    return delta;
  };
  // Quill writes every blank as &nbsp;, and code in braces as text (slab/quill#4509).
  const BRACES = /{{[^]{0,4000}?}}|{%[^]{0,4000}?%}/g;
  const blanks = (text) => text.replace(/(?:&nbsp;| )+/g, (run) => "&nbsp;".repeat(run.replaceAll("&nbsp;", " ").length - 1) + " ");
  const code = (braces) => parsed(braces).textContent.replaceAll(NO_BREAK, " ").replaceAll(HELD, " ");
  const written = () => {
    const body = parsed(quill.getSemanticHTML().replaceAll(NO_BREAK, HELD).replace(/<[^>]*>|[^<]+/g, (piece) => (piece[0] === "<" ? piece : blanks(piece))));
    for (const element of body.querySelectorAll("*")) {
      if (!(element.tagName in KEPT)) { element.remove(); continue; }
      for (const one of [...element.attributes]) if (one.name !== "href" && one.name !== "title") element.removeAttribute(one.name);
      if (element.tagName === "P" && !element.childNodes.length) element.append(document.createElement("br"));
    }
    return body.innerHTML.replace(BRACES, code).replaceAll(HELD, NO_BREAK);
  };

  const htmlPart = form.querySelector("[data-html-part]");
  const textPart = form.querySelector("[data-text-part]");
  const menu = document.querySelector(".names");
  const tabs = document.createElement("div");
  tabs.className = "editor-tabs";
  tabs.setAttribute("role", "group");
  tabs.setAttribute("aria-label", words.how);
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
  box.className = "visual";
  box.hidden = true;
  // The plain text is a third sheet; which of the other two holds the HTML stays as it was.
  const show = (sheet) => {
    htmlPart.hidden = sheet === "plain"; textPart.hidden = sheet !== "plain";
    if (sheet !== "plain") {
      box.hidden = sheet !== "visual"; source.hidden = sheet === "visual";
      form.elements.visual.value = sheet === "visual" ? "1" : "";
    }
    last = sheet === "plain" ? form.elements.text : source;
    for (const [name, button] of Object.entries(sheets)) button.setAttribute("aria-pressed", String(name === sheet));
  };
  const named = () => {
    const bar = box.querySelector(".ql-toolbar");
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", words.toolbar);
    const names = { ".ql-header[value='1']": words.heading1, ".ql-header[value='2']": words.heading2, ".ql-bold": words.bold, ".ql-italic": words.italic, ".ql-underline": words.underline, ".ql-link": words.link, ".ql-list[value=ordered]": words.ordered, ".ql-list[value=bullet]": words.bullet, ".ql-clean": words.clean };
    for (const [found, name] of Object.entries(names)) {
      const button = bar.querySelector(found);
      button.setAttribute("aria-label", name);
      button.title = name;
    }
    const tip = box.querySelector(".ql-tooltip");
    Object.assign(tip.dataset, { visit: words.visit, enter: words.enter });
    Object.assign(tip.querySelector(".ql-action").dataset, { edit: words.editLink, save: words.saveLink });
    tip.querySelector(".ql-remove").dataset.remove = words.removeLink;
    tip.querySelector("input").setAttribute("aria-label", words.enter);
  };
  const make = () => {
    const inner = document.createElement("div");
    box.append(inner);
    quill = new window.Quill(inner, {
      theme: "snow",
      formats: FORMATS,
      modules: { toolbar: [[{ header: 1 }, { header: 2 }], ["bold", "italic", "underline", "link"], [{ list: "ordered" }, { list: "bullet" }], ["clean"]] },
    });
    quill.root.setAttribute("role", "textbox");
    quill.root.setAttribute("aria-multiline", "true");
    quill.root.setAttribute("aria-label", words.editor);
    // Tab belongs to whoever walks through the page by the keyboard (WCAG 2.1.2); Escape leaves, too.
    delete quill.keyboard.bindings.Tab;
    quill.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.preventDefault(); form.querySelector(".editor-bar [type=submit]").focus(); }
    });
    quill.on("text-change", (delta, before, origin) => {
      if (origin !== "user") return;
      source.value = written();
      source.dispatchEvent(new Event("input", { bubbles: true }));
    });
    named();
  };
  const showEditor = () => {
    if (!plain(source.value)) return;
    if (!quill) make();
    quill.setContents(opened(source.value), "silent");
    quill.history.clear();
    show("visual");
  };
  const sheets = {
    visual: tab(words.visual, showEditor),
    source: tab(words.source, () => show("source")),
    plain: tab(words.plain, () => show("plain")),
  };
  form.querySelector(".editor-bar").prepend(tabs);
  source.before(box);
  const offer = () => { sheets.visual.disabled = !plain(source.value); };
  offer();
  if (window.Quill && plain(source.value)) showEditor(); else show("source");
  if (textPart.querySelector(".is-invalid")) show("plain");

  for (const field of [form.elements.subject, source, form.elements.text]) {
    field.addEventListener("focus", () => { last = field; });
  }
  const inEditor = () => quill && !box.hidden && last === source;
  const insert = (name) => {
    if (!inEditor()) {
      last.setRangeText(name, last.selectionStart, last.selectionEnd, "end");
      last.focus();
      last.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    const at = quill.getSelection(true) || { index: quill.getLength() - 1, length: 0 };
    quill.deleteText(at.index, at.length, "user");
    quill.insertText(at.index, name, "user");
    quill.setSelection(at.index + name.length, 0, "user");
  };
  menu.hidden = false;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const name = button.dataset.insert;
    const instead = name.endsWith("_url") ? "" : document.getElementById("fallback").value.replace(/["{}]/g, "").trim();
    menu.open = false;
    insert(instead ? `{{ ${name} | default: "${instead}" }}` : `{{ ${name} }}`);
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
