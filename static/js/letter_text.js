// Text with fields of the recipient in it, as a person writes it: on the canvas and in the form of a block.
//
// The page's policy has no unsafe-inline, so no HTML of a stranger's may ever be parsed here: a style
// attribute is reported even in an inert document. What is pasted goes to the server, which cleans it.
(() => {
  const MARKS = { b: "bold", i: "italic", u: "underline", s: "strikethrough" };
  const TAGS = new Set("P UL OL LI BR STRONG EM B I U S A SUB SUP DIV".split(" "));
  const CHIP = "[data-placeholder]";
  const NOTHING = "\u200b"; // where the caret stands beside a chip that nothing else stands beside
  const visible = (text) => text.replaceAll(NOTHING, "");
  const nameOf = (field) => {
    const { letter } = window.letter ? window : window.parent;
    return (letter && letter.fields && letter.fields.get(field)) || field;
  };

  const chip = (source) => {
    const element = document.createElement("span");
    element.className = "placeholder-chip";
    element.contentEditable = "false";
    element.dataset.placeholder = source;
    element.textContent = nameOf(source.split("|")[0].trim());
    return element;
  };

  // In text only: a placeholder in a link's address stays what it is.
  const withChips = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const { currentNode: text } = walker;
      if (text.data.includes("{{") && !text.parentElement?.closest(`style, ${CHIP}`)) texts.push(text);
    }
    for (const text of texts) {
      const pieces = text.data.split(/\{\{\s*([^{}]{1,200}?)\s*\}\}/);
      if (pieces.length > 1) text.replaceWith(...pieces.map((piece, at) => (at % 2 ? chip(piece) : piece || NOTHING)));
    }
    return root;
  };
  const withoutChips = (root) => {
    const copy = root.cloneNode(true);
    for (const one of copy.querySelectorAll(CHIP)) one.replaceWith(`{{ ${one.dataset.placeholder} }}`);
    return copy;
  };

  // What the server keeps: its own tags, no attribute but a link's address.
  const written = (root) => {
    const copy = withoutChips(root);
    if (!visible(copy.textContent).trim()) return "";
    for (const one of copy.querySelectorAll("*")) {
      for (const { name } of [...one.attributes]) if (name !== "href") one.removeAttribute(name);
    }
    // A break at the end of a line is the editor's own; alone in it, it is an empty line.
    const html = visible(copy.innerHTML).replace(/([^>])<br>(?=<\/(?:p|li)>)/g, "$1").replace(/<(\/?)(b|i)>/g, (all, end, tag) => `<${end}${tag === "b" ? "strong" : "em"}>`);
    // A placeholder between two pieces of a mark has the mark as well.
    return html.replace(/<\/(strong|em|u|s)>(\s*\{\{[^{}]*\}\}\s*)<\1>/g, "$2");
  };
  const plain = (root) => visible(withoutChips(root).textContent).replace(/[\r\n\t]+/g, " ").replace(/\s+$/, " ");

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
  const put = (box, value, isRich) => {
    box.replaceChildren(isRich ? fragment(value) : value);
    withChips(box);
  };

  // -- caret and chips ----------------------------------------------------------------------------

  const range = () => { const found = getSelection(); return found.rangeCount ? found.getRangeAt(0) : null; };
  const caret = (node, after) => {
    const found = document.createRange();
    if (after) found.setStartAfter(node); else found.setStartBefore(node);
    getSelection().removeAllRanges();
    getSelection().addRange(found);
  };
  const holding = (node) => (node instanceof Element ? node : node?.parentElement)?.closest(CHIP);
  // After a paste the caret may stand inside a chip, where nothing is typed.
  document.addEventListener("selectionchange", () => {
    const { anchorNode, isCollapsed } = getSelection();
    const inside = isCollapsed && holding(anchorNode);
    if (inside && inside.closest("[contenteditable='true'], [contenteditable='plaintext-only']")) caret(inside, true);
  });
  // The chip that the caret stands at, on this side of it.
  const beside = (back) => {
    const found = range();
    if (!found || !found.collapsed) return null;
    const { startContainer: container, startOffset: at } = found;
    const next = (node) => (back ? node.previousSibling : node.nextSibling);
    let node = container.childNodes[back ? at - 1 : at];
    if (container instanceof Text) {
      if (visible(back ? container.data.slice(0, at) : container.data.slice(at))) return null;
      node = next(container);
    }
    while (node instanceof Text && !visible(node.data)) node = next(node);
    return node instanceof Element && node.matches(CHIP) ? node : null;
  };
  const choose = (one) => {
    const found = document.createRange();
    found.selectNode(one);
    getSelection().removeAllRanges();
    getSelection().addRange(found);
  };
  const chosen = (box) => {
    const found = range();
    if (!found || found.collapsed || !box.contains(found.commonAncestorContainer)) return null;
    const inner = found.cloneContents();
    const one = inner.querySelector(CHIP);
    const rest = one && visible(inner.textContent) === one.textContent;
    return rest ? [...box.querySelectorAll(CHIP)].find((each) => found.intersectsNode(each)) : null;
  };
  // Another field, or another word for it, in the place of a chip that was opened.
  const replaced = (old, source) => {
    if (!old || !old.isConnected) return false;
    const fresh = chip(source);
    old.replaceWith(fresh);
    caret(fresh, true);
    return true;
  };
  // A chip goes as one sign, whatever invisible stands between it and the caret.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Backspace" && event.key !== "Delete") return;
    const one = event.target.isContentEditable && beside(event.key === "Backspace");
    if (one) choose(one);
  }, true);

  // -- the two kinds of editor --------------------------------------------------------------------

  // Where the caret is, in signs from the beginning; a chip is as many as its label has.
  const offsetIn = (box) => {
    const found = range();
    if (!found || !box.contains(found.startContainer)) return -1;
    const before = document.createRange();
    before.setStart(box, 0);
    before.setEnd(found.startContainer, found.startOffset);
    return visible(before.toString()).length;
  };
  const rangeAt = (box, offset) => {
    const found = document.createRange();
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    let left = offset;
    while (left >= 0 && walker.nextNode()) {
      const { currentNode: text } = walker;
      const { length } = visible(text.data);
      if (left <= length && !holding(text)) { found.setStart(text, Math.min(left + text.data.length - length, text.data.length)); return found; }
      left -= length;
    }
    found.selectNodeContents(box);
    found.collapse(false);
    return found;
  };

  const richEditor = (box, html, { onInput = () => {}, onPath = () => {} } = {}) => {
    const squire = new window.Squire(box, { blockTag: "P", addLinks: false, sanitizeToDOMFragment: fragment });
    squire.setHTML(html);
    const has = (tag) => squire.hasFormat(tag.toUpperCase());
    const capital = (word) => word[0].toUpperCase() + word.slice(1);
    squire.addEventListener("input", onInput);
    squire.addEventListener("pathChange", onPath);
    return {
      box,
      isRich: true,
      has,
      value: () => written(box),
      set: (value) => { squire.setHTML(value); },
      focus: () => { squire.focus(); },
      caretAt: (found) => { squire.setSelection(found); },
      toEnd: () => { squire.moveCursorToEnd(); },
      mark: (tag) => { if (has(tag)) squire[`remove${capital(MARKS[tag])}`](); else squire[MARKS[tag]](); },
      list: (tag) => {
        if (has(tag)) squire.removeList();
        else if (tag === "ul") squire.makeUnorderedList();
        else squire.makeOrderedList();
      },
      clear: () => { squire.removeAllFormatting(); },
      address: () => squire.getSelection().commonAncestorContainer.parentElement?.closest("a")?.getAttribute("href") || "",
      link: (address) => { if (address) squire.makeLink(address); else squire.removeLink(); },
      insertField: (source, old) => { if (!replaced(old, source)) squire.insertElement(chip(source)); },
      html: (cleaned) => { squire.insertHTML(cleaned); },
      text: (typed) => { squire.insertPlainText(typed, false); },
      destroy: () => { squire.destroy(); box.removeAttribute("contenteditable"); },
    };
  };

  // One line without marks. Its own undo, and where the browser can, no way to paste a mark.
  const lineEditor = (box, { onInput = () => {} } = {}) => {
    try { box.contentEditable = "plaintext-only"; } catch { box.contentEditable = "true"; }
    let last = null;
    const keep = () => { const found = range(); if (found && box.contains(found.startContainer)) last = found.cloneRange(); };
    const caretAt = (found) => { getSelection().removeAllRanges(); getSelection().addRange(found); keep(); };
    const focus = () => { box.focus(); if (last) caretAt(last); };
    box.addEventListener("input", onInput);
    box.addEventListener("blur", keep);
    return {
      box,
      isRich: false,
      has: () => false,
      value: () => plain(box),
      focus,
      caretAt,
      toEnd: () => { caretAt(rangeAt(box, Infinity)); },
      address: () => "",
      insertField: (source, old) => {
        if (replaced(old, source)) { onInput(); return; }
        focus();
        const found = range();
        found.deleteContents();
        const one = chip(source);
        const behind = document.createTextNode(NOTHING);
        found.insertNode(behind);
        found.insertNode(one);
        if (!one.previousSibling) one.before(NOTHING);
        caret(behind, true);
        keep();
        onInput();
      },
      text: (typed) => { document.execCommand("insertText", false, typed.replace(/\s+/g, " ")); },
      destroy: () => {
        box.removeEventListener("input", onInput);
        box.removeEventListener("blur", keep);
        box.removeAttribute("contenteditable");
      },
    };
  };

  window.letterText = { withChips, written, plain, put, choose, chosen, offsetIn, rangeAt, richEditor, lineEditor };
})();
