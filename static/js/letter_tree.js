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
    if (!top || top.getAttribute("role") === "tree") return;
    top.setAttribute("role", "tree");
    top.setAttribute("aria-labelledby", "outline-title");
    for (const list of top.querySelectorAll(".parts")) list.setAttribute("role", "group");
    for (const item of items()) {
      item.setAttribute("role", "treeitem");
      item.setAttribute("aria-selected", "false");
      item.setAttribute("aria-label", item.querySelector(".part-row").dataset.label);
      if (inner(item)) item.setAttribute("aria-expanded", "true");
      for (const part of item.querySelectorAll(":scope > .part-row a")) part.tabIndex = -1;
    }
    const first = items()[0];
    if (first && !slot.querySelector(".part[tabindex='0']")) first.tabIndex = 0;
    if (window.Sortable) for (const list of slot.querySelectorAll(".parts")) sortable(list);
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
        put: (to, from, dragged) => above === "message" ? dragged.dataset.kind === "section"
          : !["section", "column"].includes(dragged.dataset.kind) && !(above === "repeat" && dragged.dataset.kind === "repeat"),
      },
      handle: ".part-handle",
      animation: 120,
      onStart: () => { letter.dragging = true; },
      onEnd: ({ item, to, newIndex, from, oldIndex }) => {
        letter.dragging = false;
        if (from === to && newIndex === oldIndex) return;
        letter.act({ op: "move", id: item.dataset.id, parent: to.dataset.parent, at: newIndex }, { focus: true });
      },
    });
  };

  // Columns stay where they are: nothing is asked of the server that it would only refuse.
  const movable = (item) => item.dataset.kind !== "column";
  const moved = (item, step) => {
    if (!movable(item)) return null;
    const { id, parent, at } = item.dataset;
    const siblings = items().filter((one) => one.dataset.parent === parent);
    const next = Number(at) + step;
    if (next >= 0 && next < siblings.length) return letter.act({ op: "move", id, parent, at: next });
    if (!parent) return null; // sections lie in the message alone
    // At the edge of a repeat it steps out, beside the repeat.
    const above = item.parentElement.closest(".part");
    if (above.dataset.kind === "repeat") {
      const { parent: column, at: place } = above.dataset;
      return letter.act({ op: "move", id, parent: column, at: Number(place) + (step > 0 ? 1 : 0) });
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
    const { id, kind, parent, at } = item.dataset;
    const section = item.closest(".part-section");
    if (node.type === "section") letter.act({ op: "insert", node, parent: "", at: Number(section.dataset.at) + 1 });
    else if (kind === "column") letter.act({ op: "insert", node, parent: id, at: inner(item).children.length });
    else if (kind !== "section") letter.act({ op: "insert", node, parent, at: Number(at) + 1 });
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
    Enter: () => enter(),
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
  letter.enter = enter;
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
    const typing = event.target.matches && event.target.matches("input, textarea, select, [contenteditable=true]");
    const ctrl = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (ctrl && key === "s") { event.preventDefault(); document.getElementById("letter-form").requestSubmit(); }
    else if (ctrl && key === "z" && !typing) { event.preventDefault(); if (event.shiftKey) letter.redo(); else letter.undo(); }
    else if (event.key === "?" && !typing) { event.preventDefault(); const help = document.getElementById("letter-keys"); help.open = true; help.querySelector("summary").focus(); }
    else if (event.key === "Escape" && event.target.closest && event.target.closest("#letter-properties") && letter.selected) {
      event.preventDefault();
      letter.flush();
      letter.select(letter.selected, { focus: true, keep: true });
    }
  });
})();
