// The outline as a tree: roles, the keys that act on the selected part, and dragging.
(() => {
  const slot = document.getElementById("letter-outline-slot");
  const { letter } = window;
  if (!slot || !letter) return;
  const CLIPBOARD = "vestnik.part";
  const items = () => [...slot.querySelectorAll(".part")];
  const inner = (item) => item.querySelector(":scope > .parts");

  window.letterTree = () => {
    const top = slot.querySelector(".parts");
    if (!top) return;
    if (top.getAttribute("role") !== "tree") {
      top.setAttribute("role", "tree");
      top.setAttribute("aria-labelledby", "outline-title");
    }
    for (const list of top.querySelectorAll(".parts:not([role])")) list.setAttribute("role", "group");
    for (const item of items()) named(item);
    const first = items()[0];
    if (first && !slot.querySelector(".part[tabindex='0']")) first.tabIndex = 0;
    if (window.Sortable) for (const list of slot.querySelectorAll(".parts")) if (!window.Sortable.get(list)) sortable(list);
  };
  // What a screen reader says of a part, and its role where it is new.
  const named = (item) => {
    const { label } = item.querySelector(":scope > .part-row").dataset;
    if (item.getAttribute("aria-label") === label) return;
    item.setAttribute("aria-label", label);
    for (const part of item.querySelectorAll(":scope > .part-row a")) part.tabIndex = -1;
    if (item.hasAttribute("role")) return;
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-selected", "false");
    if (inner(item)) item.setAttribute("aria-expanded", "true");
  };
  const parentOf = (item) => item.parentElement.dataset.parent;
  const placeOf = (item) => [...item.parentElement.children].indexOf(item);

  // What has changed of the tree: rows and whole parts as HTML by id, lists as ids in their order.
  window.letterTree.change = ({ rows = {}, parts = {}, lists = {} }) => {
    const made = new Map();
    const fragment = (html) => document.createRange().createContextualFragment(html);
    for (const [id, html] of Object.entries(parts)) made.set(id, fragment(html).firstElementChild);
    const item = (id) => made.get(id) || document.getElementById(`part-${id}`);
    for (const [parent, ids] of Object.entries(lists)) {
      const list = slot.querySelector(`.parts[data-parent="${parent}"]`);
      if (!list) continue;
      ids.forEach((id, at) => { if (list.children[at] !== item(id)) list.insertBefore(item(id), list.children[at] || null); });
      for (const one of [...list.children]) if (!ids.includes(one.dataset.id)) one.remove();
    }
    for (const [id, html] of Object.entries(rows)) {
      const one = item(id);
      if (!one) continue;
      for (const old of [...one.children]) if (old.matches(".part-row, .part-gap")) old.remove();
      one.prepend(fragment(html));
      for (const part of one.querySelectorAll(":scope > .part-row a")) part.tabIndex = -1;
    }
  };

  // What may lie where: sections in the message, blocks in columns and repeats, no repeat in another.
  const holder = (list) => {
    const parent = list.closest(".part");
    return parent ? parent.dataset.kind : "message";
  };
  const sortable = (list) => {
    const above = holder(list);
    if (above === "section") return; // columns stay where they are
    window.Sortable.create(list, {
      group: {
        name: above === "message" ? "sections" : "blocks",
        put: (to, from, dragged) => above === "message" ? ["section", "saved"].includes(dragged.dataset.kind)
          : !["section", "saved", "column"].includes(dragged.dataset.kind) && !(above === "repeat" && dragged.dataset.kind === "repeat"),
      },
      handle: ".part-handle",
      animation: 120,
      onStart: () => { letter.dragging = true; },
      onEnd: ({ item, to, newIndex, from, oldIndex }) => {
        letter.dragging = false;
        if (from === to && newIndex === oldIndex) return;
        const back = () => { from.insertBefore(item, [...from.children].filter((one) => one !== item)[oldIndex] || null); };
        letter.act({ op: "move", id: item.dataset.id, parent: to.dataset.parent, at: newIndex }, { focus: true, refused: back });
      },
    });
  };

  // Columns stay where they are: nothing is asked of the server that it would only refuse.
  const movable = (item) => item.dataset.kind !== "column";
  const moved = (item, step) => {
    if (!movable(item)) return null;
    const { id } = item.dataset;
    const parent = parentOf(item);
    const next = placeOf(item) + step;
    if (next >= 0 && next < item.parentElement.children.length) return letter.act({ op: "move", id, parent, at: next });
    if (!parent) return null; // sections lie in the message alone
    // At the edge of a repeat it steps out, beside the repeat.
    const above = item.parentElement.closest(".part");
    if (above.dataset.kind === "repeat") {
      return letter.act({ op: "move", id, parent: parentOf(above), at: placeOf(above) + (step > 0 ? 1 : 0) });
    }
    // At the edge of a column it goes on into the next one that takes it.
    const lists = [...slot.querySelectorAll(".parts")].filter((list) => holder(list) === "column");
    const other = lists[lists.findIndex((list) => list.dataset.parent === parent) + step];
    if (!other) return null;
    return letter.act({ op: "move", id, parent: other.dataset.parent, at: step > 0 ? 0 : other.children.length });
  };
  const sideways = (item, step) => {
    const column = item.closest(".part-column");
    if (!column || column === item) return;
    const columns = [...column.parentElement.children];
    const other = columns[columns.indexOf(column) + step];
    if (other) letter.act({ op: "move", id: item.dataset.id, parent: other.dataset.id, at: inner(other).children.length });
  };

  const copied = async (item) => {
    const answer = await fetch(`${item.querySelector(".part-name").href}?as=json`);
    if (!answer.ok) return false;
    localStorage.setItem(CLIPBOARD, await answer.text());
    letter.say(slot.dataset.copied);
    return true;
  };
  const pasted = (item) => {
    const kept = localStorage.getItem(CLIPBOARD);
    if (!kept) return;
    const node = JSON.parse(kept);
    const { id, kind } = item.dataset;
    const whole = ["section", "saved"];
    if (whole.includes(node.type)) letter.act({ op: "insert", node, parent: "", at: placeOf(item.closest(".part-section, .part-saved")) + 1 });
    else if (kind === "column") letter.act({ op: "insert", node, parent: id, at: inner(item).children.length });
    else if (!whole.includes(kind)) letter.act({ op: "insert", node, parent: parentOf(item), at: placeOf(item) + 1 });
  };

  const go = (item) => { if (item) letter.select(item.dataset.id, { focus: true }); };
  const KEYS = {
    ArrowDown: (item) => { const all = items(); go(all[all.indexOf(item) + 1]); },
    ArrowUp: (item) => { const all = items(); go(all[all.indexOf(item) - 1]); },
    ArrowLeft: (item) => go(item.parentElement.closest(".part")),
    ArrowRight: (item) => go(item.querySelector(".part")),
    Home: () => go(items()[0]),
    End: () => go(items().at(-1)),
    "alt+ArrowUp": (item) => moved(item, -1),
    "alt+ArrowDown": (item) => moved(item, 1),
    "alt+shift+ArrowLeft": (item) => sideways(item, -1),
    "alt+shift+ArrowRight": (item) => sideways(item, 1),
    Enter: (item) => { if (!letter.canvas || !letter.canvas.write(item.dataset.id)) enter(); },
    "/": () => letter.ask("add"),
    Insert: () => letter.ask("add"),
    "ctrl+d": (item) => { if (movable(item)) letter.act({ op: "duplicate", id: item.dataset.id }); },
    Delete: (item) => { if (movable(item)) letter.act({ op: "remove", id: item.dataset.id }); },
    m: (item) => { if (movable(item)) letter.ask("move"); },
    v: () => {
      const rules = document.querySelector("#part-form [name^=visibility]");
      if (rules) { rules.closest("details").open = true; rules.focus(); }
    },
    "ctrl+c": copied,
    "ctrl+x": async (item) => { if (movable(item) && await copied(item)) letter.act({ op: "remove", id: item.dataset.id }); },
    "ctrl+v": pasted,
    p: () => document.querySelector("[data-look]").click(),
  };
  const enter = () => {
    const fields = document.querySelectorAll("#part-form :is(.rich-text, input, textarea, select)");
    const field = [...fields].find((one) => one.offsetParent && !one.closest(".rich-bar"));
    if (field) field.focus();
  };
  letter.enterForm = enter;
  slot.addEventListener("focusin", (event) => {
    const item = event.target.closest(".part");
    if (item && event.target === item && letter.selected !== item.dataset.id) letter.select(item.dataset.id);
  });
  slot.addEventListener("keydown", (event) => {
    if (!event.target.matches(".part")) return;
    const mods = [event.ctrlKey || event.metaKey ? "ctrl+" : "", event.altKey ? "alt+" : "", event.shiftKey && event.key.startsWith("Arrow") ? "shift+" : ""].join("");
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = KEYS[mods + key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act(event.target);
  });

  // Wherever one is on the page, unless a text is being typed.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches && event.target.matches("input, textarea, select, [contenteditable=true]"); // the canvas has a window of its own
    const ctrl = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (ctrl && key === "s") { event.preventDefault(); letter.save(); }
    else if (ctrl && key === "z" && !typing) { event.preventDefault(); if (event.shiftKey) letter.redo(); else letter.undo(); }
    else if (event.key === "?" && !typing) { event.preventDefault(); const help = document.getElementById("letter-keys"); help.open = true; help.querySelector("summary").focus(); }
    else if (event.key === "Escape" && event.target.closest && event.target.closest("#letter-properties") && letter.selected) {
      event.preventDefault();
      letter.flush();
      letter.select(letter.selected, { focus: true, keep: true });
    }
  });
})();
