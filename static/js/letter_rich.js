// Rich text: Squire in the place of a field that holds it. Without this script the field is a plain one.
//
// The page's policy has no unsafe-inline, so no HTML of a stranger's may ever be parsed here: a style
// attribute is reported even in an inert document. What is pasted goes to the server, which cleans it.
(() => {
  const MARKS = { b: "bold", i: "italic", u: "underline", s: "strikethrough" };
  const TAGS = new Set("P UL OL LI BR STRONG EM B I U S A SUB SUP DIV".split(" "));
  const shape = document.getElementById("rich-bar");
  if (!shape || !window.Squire) return;
  let made = 0;

  const chip = (source) => {
    const element = document.createElement("span");
    element.className = "placeholder-chip";
    element.contentEditable = "false";
    element.dataset.placeholder = source;
    element.textContent = source.split("|")[0].trim();
    return element;
  };

  // In text only: a placeholder in a link's address stays what it is.
  const withChips = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const pieces = text.data.split(/\{\{\s*([^{}]{1,200}?)\s*\}\}/);
      if (pieces.length > 1) text.replaceWith(...pieces.map((piece, at) => (at % 2 ? chip(piece) : piece)));
    }
    return root;
  };

  // What the server keeps: its own tags, no attribute but a link's address.
  const written = (root) => {
    const copy = root.cloneNode(true);
    for (const one of copy.querySelectorAll("[data-placeholder]")) one.replaceWith(`{{ ${one.dataset.placeholder} }}`);
    for (const one of copy.querySelectorAll("*")) {
      for (const { name } of [...one.attributes]) if (name !== "href") one.removeAttribute(name);
    }
    const html = copy.innerHTML.replaceAll("\u200b", "").replace(/<(\/?)(b|i)>/g, (all, end, tag) => `<${end}${tag === "b" ? "strong" : "em"}>`);
    // A placeholder between two pieces of a mark has the mark as well.
    const joined = html.replace(/<\/(strong|em|u|s)>(\s*\{\{[^{}]*\}\}\s*)<\1>/g, "$2");
    return copy.textContent.trim() ? joined : "";
  };

  // Only what our own server has cleaned, and what we have stored, gets here; anything else is dropped.
  const fragment = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    for (const one of [...holder.content.querySelectorAll("*")]) {
      if (!TAGS.has(one.tagName)) one.replaceWith(...one.childNodes);
      else for (const { name } of [...one.attributes]) if (name !== "href") one.removeAttribute(name);
    }
    return withChips(holder.content);
  };

  const mark = (editor) => {
    for (const button of editor.bar.querySelectorAll("[data-mark]")) {
      button.setAttribute("aria-pressed", String(editor.squire.hasFormat(button.dataset.mark.toUpperCase())));
    }
  };

  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const act = (editor, button) => {
    const { squire, bar } = editor;
    const { mark: tag, act: name } = button.dataset;
    if (tag) {
      if (squire.hasFormat(tag.toUpperCase())) squire[`remove${capital(MARKS[tag])}`]();
      else squire[MARKS[tag]]();
    } else if (name === "bullets" || name === "numbers") {
      const list = name === "bullets" ? "UL" : "OL";
      if (squire.hasFormat(list)) squire.removeList();
      else if (name === "bullets") squire.makeUnorderedList();
      else squire.makeOrderedList();
    } else if (name === "plain") squire.removeAllFormatting();
    else if (name === "link" || name === "field") unfold(editor, name);
    else if (name === "set-link") {
      const address = bar.querySelector("[data-address]").value.trim();
      fold(editor);
      if (address) squire.makeLink(address);
      else squire.removeLink();
    } else if (name === "set-field") {
      const fallback = bar.querySelector("[data-fallback]").value.replace(/["{}]/g, "").trim();
      const field = bar.querySelector("[data-field]").value;
      fold(editor);
      squire.insertElement(chip(fallback && !field.endsWith("_url") ? `${field} | default: "${fallback}"` : field));
    }
    mark(editor);
  };
  const unfold = (editor, name) => {
    const { bar, squire } = editor;
    for (const part of bar.querySelectorAll("[data-fold]")) part.hidden = part.dataset.fold !== name || !part.hidden;
    const shown = bar.querySelector("[data-fold]:not([hidden])");
    if (!shown) return squire.focus();
    if (name === "link") {
      const link = squire.getSelection().commonAncestorContainer.parentElement?.closest("a");
      bar.querySelector("[data-address]").value = link ? link.getAttribute("href") : "https://";
    }
    shown.querySelector("input, select").focus();
  };
  const fold = (editor) => {
    for (const part of editor.bar.querySelectorAll("[data-fold]")) part.hidden = true;
    editor.squire.focus();
  };

  const upgrade = (field) => {
    made += 1;
    const box = document.createElement("div");
    const bar = shape.content.firstElementChild.cloneNode(true);
    const label = field.labels[0];
    label.id = label.id || `rich-label-${made}`;
    Object.assign(box, { className: "rich-text form-control", contentEditable: "true", id: `rich-${made}` });
    for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-labelledby", label.id]]) box.setAttribute(name, value);
    for (const part of bar.querySelectorAll("[id], [for]")) {
      if (part.id) part.id += `-${made}`;
      if (part.htmlFor) part.htmlFor += `-${made}`;
    }
    field.before(bar, box);
    field.hidden = true;
    label.addEventListener("click", () => box.focus());
    const squire = new window.Squire(box, { blockTag: "P", addLinks: false, sanitizeToDOMFragment: fragment });
    squire.setHTML(field.value);
    const editor = { squire, bar, box, field };
    box.letterEditor = bar.letterEditor = editor;
    squire.addEventListener("input", () => {
      field.value = written(box);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    squire.addEventListener("pathChange", () => mark(editor));
    for (const button of bar.querySelectorAll("[role=toolbar] button")) button.tabIndex = -1;
    bar.querySelector("[role=toolbar] button").tabIndex = 0;
  };
  window.letterRich = (root) => { for (const field of root.querySelectorAll("textarea[data-rich-source]:not([hidden])")) upgrade(field); };

  // Pointer and keys alike; the selection stays where it was.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest(".rich-bar [role=toolbar] button")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".rich-bar button");
    if (button) act(button.closest(".rich-bar").letterEditor, button);
  });

  // Alt+F10 to the bar, arrows inside it, Escape back (WAI-ARIA, toolbar). Tab is never taken.
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest && event.target.closest(".rich-text");
    if (box) {
      const { bar } = box.letterEditor;
      if (event.altKey && event.key === "F10") bar.querySelector("[role=toolbar] button[tabindex='0']").focus();
      else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") unfold(box.letterEditor, "link");
      else if (event.ctrlKey && event.key === " ") unfold(box.letterEditor, "field");
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const bar = event.target.closest && event.target.closest(".rich-bar");
    if (!bar) return;
    if (event.key === "Escape") { fold(bar.letterEditor); event.stopPropagation(); return; }
    if (event.key === "Enter" && event.target.matches("[data-fold] input, [data-fold] select")) {
      event.preventDefault();
      act(bar.letterEditor, event.target.closest("[data-fold]").querySelector("button"));
      return;
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = [...bar.querySelectorAll("[role=toolbar] button")];
    const at = buttons.indexOf(event.target);
    if (!step || at < 0) return;
    const next = buttons[(at + step + buttons.length) % buttons.length];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
  }, true);

  document.addEventListener("paste", async (event) => {
    const box = event.target.closest && event.target.closest(".rich-text");
    const html = box && event.clipboardData.getData("text/html");
    if (!html) return; // plain text: Squire's own way
    event.preventDefault();
    event.stopPropagation();
    const { squire } = box.letterEditor;
    const plain = event.clipboardData.getData("text/plain");
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(shape.dataset.paste, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ html }) });
      if (!answer.ok) throw new Error(String(answer.status));
      squire.insertHTML(await answer.text());
    } catch { squire.insertPlainText(plain, false); }
  }, true);
})();
