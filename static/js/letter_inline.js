// The message written in place, inside its frame: a click or Enter puts the caret into a text, Escape leaves it.
// What is typed goes to the page around the frame, which sends it; what has changed comes from there.
(() => {
  const { letter } = window.parent;
  const { letterText: text } = window;
  if (!letter || !letter.canvas || !text) return;
  const SPOT = "[data-line], [data-rich]";
  let session = null; // { spot, id, field, editor, typed }
  let composing = false;
  const held = new Map(); // what came for the part that is written in, by its id

  // A saved block is written where it is kept, for all messages that have it.
  const spotAt = (element) => { const spot = element.closest(SPOT); return spot && !spot.closest("[data-saved]") ? spot : null; };
  const nodeOf = (element) => element.closest("[data-node]");
  const fieldOf = (spot) => spot.dataset.line || spot.dataset.rich;
  const isRich = (spot) => "rich" in spot.dataset;
  const shown = (id) => [...document.querySelectorAll(`[data-node="${CSS.escape(id)}"]`)];
  const spotsOf = (id) => shown(id).flatMap((node) => [...node.querySelectorAll(SPOT)]).filter((spot) => spotAt(spot) && nodeOf(spot).dataset.node === id);
  const find = (id, field) => spotsOf(id).find((spot) => !field || fieldOf(spot) === field) || null;
  const valueOf = (spot) => (isRich(spot) ? text.written(spot) : text.plain(spot));

  // Fields as chips; no link of the message takes a Tab stop, for it leads nowhere here.
  const prepare = (root) => {
    text.withChips(root);
    for (const link of root.querySelectorAll("a[href]")) link.tabIndex = -1;
  };

  // -- one text at a time -------------------------------------------------------------------------

  const typed = () => {
    if (!session || composing) return;
    const value = session.editor.value();
    if (value === session.typed) return;
    session.typed = value;
    letter.canvas.typed(session.id, session.field, value);
  };
  // Leaving another text may have brought its part anew, this one in it.
  const start = (asked) => {
    const [id, field] = [nodeOf(asked).dataset.node, fieldOf(asked)];
    stop();
    const spot = asked.isConnected ? asked : find(id, field);
    if (!spot) return;
    const options = { onInput: typed, onPath: () => letter.canvas.mark() };
    const editor = isRich(spot) ? text.richEditor(spot, text.written(spot), options) : text.lineEditor(spot, options);
    session = { spot, id, field, editor, typed: editor.value() };
    spot.setAttribute("role", "textbox");
    spot.setAttribute("aria-label", letter.canvas.nameOf(id));
    if (isRich(spot)) spot.setAttribute("aria-multiline", "true");
    letter.canvas.began(session.id, session.field, session.typed, editor);
  };
  const stop = () => {
    if (!session) return;
    composing = false;
    typed();
    const { id, field, spot, editor } = session;
    session = null;
    const value = editor.value();
    editor.destroy();
    for (const name of ["role", "aria-label", "aria-multiline"]) spot.removeAttribute(name);
    if (!value) spot.replaceChildren();
    letter.canvas.ended(id, field);
    for (const redraw of held.values()) redraw();
    held.clear();
  };
  const write = (id, field, offset = -1) => {
    const found = find(id, field);
    if (found) start(found);
    if (!found || !session) return false;
    session.spot.focus();
    if (offset < 0) session.editor.toEnd();
    else session.editor.caretAt(text.rangeAt(session.spot, offset));
    return true;
  };

  const pointed = (x, y) => {
    if (document.caretRangeFromPoint) return document.caretRangeFromPoint(x, y);
    const found = document.caretPositionFromPoint(x, y);
    const place = found && document.createRange();
    if (place) place.setStart(found.offsetNode, found.offset);
    return place;
  };
  document.addEventListener("mousedown", (event) => {
    const spot = spotAt(event.target);
    if (event.button || (session && session.spot === spot)) return;
    event.preventDefault(); // the text is made anew for being written in: the caret is put there by hand
    if (!spot) { stop(); return; }
    start(spot);
    if (!session) return;
    session.spot.focus();
    const place = pointed(event.clientX, event.clientY);
    if (place && session.spot.contains(place.startContainer)) session.editor.caretAt(place);
    else session.editor.toEnd();
    letter.select(session.id, { keep: false });
  });
  document.addEventListener("click", (event) => {
    event.preventDefault(); // a link in the message leads nowhere here
    const chip = event.target.closest("[data-placeholder]");
    if (session && session.spot.contains(event.target)) { if (chip) text.choose(chip); return; }
    const node = nodeOf(event.target);
    if (!node) return;
    letter.select(node.dataset.node, { focus: true });
    if ("add" in node.dataset) letter.ask("add"); // a column that holds nothing
  });
  document.addEventListener("auxclick", (event) => event.preventDefault());
  document.addEventListener("dblclick", (event) => {
    if (!spotAt(event.target) && nodeOf(event.target)) letter.enterForm();
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); letter.save(); return; }
    if (!session || letter.canvas.keyed(event, session.spot, text)) return;
    if (event.key !== "Escape" && (event.key !== "Enter" || session.editor.isRich)) return;
    event.preventDefault();
    const { id } = session;
    stop();
    letter.select(id, { focus: true, keep: true });
  }, true);
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", () => { composing = false; setTimeout(typed); });
  document.addEventListener("paste", (event) => {
    if (!session || !session.spot.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    letter.canvas.pasted(session.editor, event.clipboardData);
  }, true);
  document.addEventListener("drop", (event) => { if (!session || event.dataTransfer.files.length) event.preventDefault(); }, true);
  document.addEventListener("dragover", (event) => { if (!session) event.preventDefault(); }, true);

  // -- what the server made of it -----------------------------------------------------------------

  const put = (fresh) => {
    for (const one of fresh) prepare(one);
    letter.canvas.restored();
  };
  const redrawBlock = (id, html) => {
    const old = shown(id);
    if (!old.length) return false;
    const holder = document.createElement("tbody");
    document.createElement("table").append(holder);
    holder.innerHTML = html;
    const fresh = [...holder.children];
    old[0].before(...fresh);
    for (const one of old) one.remove();
    put(fresh);
    return true;
  };
  const sections = () => {
    const first = document.querySelector("div[data-node]");
    return first ? [...first.parentElement.children].filter((one) => one.matches("div[data-node]")) : [];
  };
  const redrawSection = (id, html) => {
    const [last] = sections().slice(-1);
    if (!last) return false;
    const holder = document.createElement("div");
    holder.innerHTML = html;
    const fresh = holder.firstElementChild;
    const [old] = shown(id);
    if (old) old.replaceWith(fresh);
    else last.after(fresh);
    put([fresh]);
    return true;
  };
  const reorder = (ids) => {
    let cursor = sections()[0];
    for (const id of ids) {
      const [one] = shown(id);
      if (!one) return false;
      if (one === cursor) cursor = cursor.nextElementSibling;
      else cursor ? cursor.before(one) : one.parentElement.append(one);
    }
    for (const one of sections()) if (!ids.includes(one.dataset.node)) one.remove();
    return true;
  };
  // Nothing is put under the caret: it waits until the text is left. False when the page is another one.
  const place = ({ order, sections: drawn = {}, blocks = {} }) => {
    const inHand = (id) => session && shown(id).some((one) => one.contains(session.spot));
    const put = (id, html, redraw) => {
      if (!inHand(id)) return redraw(id, html);
      held.delete(id); // the newest comes last
      return held.set(id, () => redraw(id, html));
    };
    const isKnown = [
      ...Object.entries(drawn).map(([id, html]) => put(id, html, redrawSection)),
      ...Object.entries(blocks).map(([id, html]) => put(id, html, redrawBlock)),
    ].every(Boolean);
    return isKnown && (!order || reorder(order));
  };
  // What could not be brought to the server yet stands where it was typed, whatever came meanwhile.
  const restore = (id, field, value) => {
    const spot = find(id, field);
    if (!spot) return false;
    if ((!session || session.spot !== spot) && valueOf(spot) !== value) {
      text.put(spot, value, isRich(spot));
      prepare(spot);
    }
    return true;
  };
  const live = () => session && { id: session.id, field: session.field, offset: text.offsetIn(session.spot) };

  prepare(document.body);
  window.letterInline = {
    write, stop, place, restore, live,
    valueAt: (id, field) => { const spot = find(id, field); return spot && valueOf(spot); },
    isComposing: () => composing,
    shown: (id) => shown(id)[0] || null,
  };
})();
