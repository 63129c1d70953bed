// The message beside its outline, in a frame of its own: what an act has changed is put in its place there,
// and what is typed there goes to the server. The frame itself is loaded anew only when all of it has changed.
(() => {
  const editor = document.querySelector("[data-letter]");
  const { letter } = window;
  let frame = document.getElementById("letter-canvas");
  const tools = document.getElementById("canvas-tools");
  if (!editor || !letter || !frame || !window.letterBar) return;
  const source = frame.dataset.src;
  const bar = window.letterBar.newBar();
  tools.append(bar);
  window.letterBar.attach(bar, null);
  let wanted = false;
  let loading = false;
  // What was typed and is not with the server yet, by part and field; ``base`` is what it had there.
  const typed = new Map();
  const keyOf = (id, field) => `text ${id} ${field}`;
  const inside = () => (loading ? null : frame.contentWindow && frame.contentWindow.letterInline) || null;

  // -- what is typed ------------------------------------------------------------------------------

  let began = null; // the text that is written in, and what the server has there
  const send = (entry) => {
    let sent = "";
    const given = () => {
      if (!typed.has(entry.key)) return null;
      sent = entry.value;
      return { op: "set", id: entry.id, field: entry.field, value: sent };
    };
    const done = (answer) => {
      entry.behind = answer.status === 409;
      if (!answer.ok) return;
      entry.base = sent;
      if (entry.value === sent) typed.delete(entry.key);
    };
    letter.type(given, { key: entry.key, again: () => send(entry), done });
  };
  const soon = (entry, pause) => letter.later(entry.key, () => send(entry), pause);
  const mirrored = (id) => { for (const one of typed.values()) if (one.id === id) letter.mirror(id, one.field, one.value); };
  const restored = () => {
    const page = inside();
    if (page) for (const { id, field, value } of typed.values()) page.restore(id, field, value);
  };
  letter.canvas = {
    began: (id, field, base, written) => {
      began = typed.get(keyOf(id, field)) || { key: keyOf(id, field), id, field, base };
      Object.assign(written, { bar });
      window.letterBar.attach(bar, written);
    },
    typed: (id, field, value) => {
      began.value = value;
      typed.set(began.key, began);
      letter.mirror(id, field, value);
      soon(began, 600);
    },
    ended: (id, field) => {
      const entry = typed.get(keyOf(id, field));
      window.letterBar.attach(bar, null);
      if (entry) soon(entry, 0);
      letter.flush();
    },
    write: (id) => {
      const page = frame.offsetParent && inside();
      return Boolean(page && page.write(id));
    },
    finish: () => {
      if (inside()) inside().stop();
      for (const entry of typed.values()) send(entry);
    },
    hasUnsent: () => typed.size > 0,
    nameOf: (id) => document.querySelector(`#part-${id} > .part-row .part-kind`)?.textContent.trim() || "",
    mark: () => window.letterBar.mark(bar),
    keyed: (event, box, text) => window.letterBar.keyed(bar, event, box, text),
    pasted: window.letterBar.pasted,
    mirrored,
    restored,
  };
  // Whoever goes elsewhere on the page has left the text; its toolbar belongs to it.
  document.addEventListener("focusin", (event) => {
    if (inside() && event.target !== frame && !tools.contains(event.target)) inside().stop();
  });
  const leave = () => setTimeout(() => {
    const active = document.activeElement;
    if (active === frame) letter.flush(); // the whole window was left
    else if (!tools.contains(active) && inside()) inside().stop();
  });

  // -- what is shown ------------------------------------------------------------------------------

  const marked = () => {
    const page = frame.contentDocument;
    if (!page || !inside()) return null;
    for (const one of page.querySelectorAll(".node-selected")) one.classList.remove("node-selected");
    const one = letter.selected && inside().shown(letter.selected);
    if (one) one.classList.add("node-selected");
    return one;
  };
  // The server keeps plain blanks where an editor writes others.
  const blank = (value) => value.replace(/&nbsp;|\u00a0/g, " ");
  const same = (one, other) => blank(one) === blank(other);
  // After a page that was behind has come up to date: what nobody else has changed is sent at once, what
  // somebody has waits for the next key, or for the text to be left.
  const settled = (page) => {
    for (const entry of typed.values()) {
      const theirs = page.valueAt(entry.id, entry.field);
      if (theirs === null) {
        typed.delete(entry.key);
        letter.lost(entry.value);
      } else if (entry.behind && same(theirs, entry.base)) send(entry);
      entry.behind = false;
    }
  };
  // The new one is made behind the old one and takes its place when it is there, with the caret in it.
  const load = () => {
    if (loading) { wanted = true; return; }
    const old = inside();
    loading = true;
    const next = frame.cloneNode();
    next.removeAttribute("id");
    next.classList.add("behind");
    next.src = `${source}?${document.getElementById("letter-state").dataset.sequence}`;
    next.addEventListener("load", () => show(next, old), { once: true });
    frame.after(next);
  };
  const show = (next, old) => {
    if (old && old.isComposing()) { setTimeout(() => show(next, old), 50); return; }
    const top = frame.contentWindow ? frame.contentWindow.scrollY : 0;
    const live = document.activeElement === frame && old ? old.live() : null;
    if (old && !live) old.stop();
    frame.remove(); // not moved: a frame that is moved loads anew
    next.classList.remove("behind");
    next.id = "letter-canvas";
    frame = next;
    loading = false;
    next.contentWindow.addEventListener("blur", leave);
    next.contentWindow.scrollTo(0, top);
    const page = inside();
    if (page) { settled(page); restored(); }
    if (page && live) page.write(live.id, live.field, live.offset);
    marked();
    if (wanted) { wanted = false; load(); }
  };
  editor.addEventListener("letter:changed", ({ detail }) => {
    const page = inside();
    if (detail.reload || !page || !page.place(detail)) load();
    else marked();
  });
  editor.addEventListener("letter:selected", () => {
    const one = marked();
    if (one) one.scrollIntoView({ block: "nearest" });
  });
  load();
})();
