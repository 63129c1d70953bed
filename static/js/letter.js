// The editor of messages made of blocks. The server holds the truth: every act is posted with the
// sequence that was seen, one after another, and the changed fragments come back out of band.
(() => {
  const editor = document.querySelector("[data-letter]");
  if (!editor) return;
  const words = editor.dataset;
  const state = () => document.getElementById("letter-state").dataset;
  const announcer = document.getElementById("announcer");
  const banner = document.getElementById("letter-banner");
  const properties = document.getElementById("letter-properties");
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const letter = { selected: "", say: (text) => { announcer.textContent = text; } };
  window.letter = letter;
  // htmx carries a style that a script has set over as an attribute, which the policy forbids.
  htmx.config.attributesToSettle = [];

  // One request at a time; each takes the sequence that the one before it has brought.
  let last = Promise.resolve();
  let savedAt = new Date();
  const wait = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
  const send = async (url, values) => {
    for (let pause = 2; ; pause = Math.min(pause * 2, 60)) {
      const { sequence, base } = state();
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers: { "HX-Request": "true", "X-CSRFToken": token() },
          body: new URLSearchParams([...values(), ["sequence", sequence], ["base_revision", base]]),
        });
        if (answer.status >= 500) throw new Error(String(answer.status));
        if (answer.redirected || answer.headers.get("HX-Redirect")) { location.reload(); return null; }
        savedAt = new Date();
        banner.hidden = true;
        return answer;
      } catch (error) {
        banner.textContent = `${words.unsaved} ${savedAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
        banner.hidden = false;
        await wait(pause);
      }
    }
  };
  const post = (url, values, { focus = false } = {}) => {
    last = last.then(async () => {
      const inOutline = focus || document.activeElement.closest("#letter-outline-slot");
      const answer = await send(url, values);
      if (answer) await show(answer, inOutline);
    });
    return last;
  };
  letter.act = (act, options) => post(words.operations, () => [["act", JSON.stringify(act)]], options);

  // The fragments are put in their places by htmx, so that what is in them works.
  const show = async (answer, focus) => {
    while (letter.dragging) await wait(0.1);
    const typed = answer.status === 409 ? remembered() : null;
    const before = state().sequence;
    const nowhere = document.createElement("div");
    htmx.swap(nowhere, await answer.text(), { swapStyle: "none" }, { eventInfo: { target: nowhere, elt: nowhere } });
    const found = state();
    problem(found.refusal);
    marked(found.fields || "");
    if (typed) typed();
    enhance();
    if (found.focus && !found.refusal) select(found.focus, { focus, keep: true });
    else select(letter.selected, { focus, keep: true });
    if (found.announce) letter.say(found.announce);
    if (found.sequence !== before || found.refusal) editor.dispatchEvent(new CustomEvent("letter:changed"));
  };
  const problem = (text) => {
    const place = document.getElementById("letter-problem");
    place.textContent = text || "";
    place.hidden = !text;
  };
  const marked = (names) => {
    const wrong = new Set(names.split(" "));
    for (const field of properties.querySelectorAll("[name]")) field.toggleAttribute("aria-invalid", wrong.has(field.name));
  };
  // After a 409 the fields hold what was typed, and it is sent again with the next key.
  const remembered = () => {
    const fields = [...document.querySelectorAll("#part-form [name]:not([type=hidden])")].map((field) => [field.name, field.value]);
    return () => {
      for (const [name, value] of fields) {
        const field = document.querySelector(`#part-form [name="${name}"]`);
        if (field && field.type !== "checkbox") field.value = value;
      }
    };
  };

  // The form of the selected part, and the head: what is typed is collected for 600 ms.
  const values = (form) => [...new FormData(form)].filter(([name]) => !["form_key", "csrfmiddlewaretoken", "sequence", "base_revision"].includes(name));
  let waiting = null;
  const flush = () => {
    if (!waiting) return;
    clearTimeout(waiting.timer);
    waiting.run();
    waiting = null;
  };
  letter.flush = flush;
  const later = (key, run, pause) => {
    if (waiting && waiting.key !== key) flush();
    if (waiting) clearTimeout(waiting.timer);
    waiting = { key, run, timer: setTimeout(flush, pause) };
  };
  const typed = (event) => {
    const form = event.target.form || event.target.closest("form");
    if (!form) return;
    const pause = event.type === "change" ? 0 : 600;
    if (form.matches("[data-part-form]")) {
      const url = form.action;
      later(url, () => {
        const sent = new URLSearchParams(values(form)).toString();
        if (form.dataset.sent !== sent) post(url, () => values(form));
        form.dataset.sent = sent;
      }, pause);
    } else if (form.id === "letter-form" && event.target.name) {
      const field = event.target;
      later(`head ${field.name}`, () => {
        if (field.dataset.sent !== field.value) letter.act({ op: "letter", field: field.name, value: field.value });
        field.dataset.sent = field.value;
      }, pause);
    }
  };
  document.addEventListener("input", typed);
  document.addEventListener("change", typed);
  document.addEventListener("focusout", flush);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.matches("[data-part-form]")) { event.preventDefault(); flush(); return; }
    if (form.id === "letter-form" && !form.dataset.ready) {
      event.preventDefault(); // what was typed last goes first
      flush();
      last.then(() => {
        for (const name of ["sequence", "base_revision"]) form.elements[name].value = state()[name === "sequence" ? "sequence" : "base"];
        form.dataset.ready = "1";
        form.requestSubmit(button);
      });
      return;
    }
    if (!button || (form.id !== "acts" && !form.matches(".targets"))) return;
    event.preventDefault();
    flush();
    document.getElementById("dialog").close();
    if (button.hasAttribute("formaction")) post(button.formAction, () => []);
    else if (button.name === "act") {
      const own = form.querySelectorAll("select");
      post(words.operations, () => [["act", button.value], ...[...own, ...document.querySelectorAll("select[form=acts]")].map((one) => [one.name, one.value])], { focus: true });
    }
  }, true);
  letter.undo = () => { flush(); post(words.undo, () => []); };
  letter.redo = () => { flush(); post(words.redo, () => []); };

  // Selecting shows the form of a part beside the canvas.
  const select = (id, { focus = false, keep = false } = {}) => {
    const item = id && document.getElementById(`part-${id}`);
    for (const one of document.querySelectorAll(".part[aria-selected=true]")) one.setAttribute("aria-selected", "false");
    letter.selected = item ? id : "";
    if (item) {
      item.setAttribute("aria-selected", "true");
      for (const one of document.querySelectorAll(".part[tabindex='0']")) one.tabIndex = -1;
      item.tabIndex = 0;
      if (focus) item.focus();
    }
    const shown = properties.querySelector("[data-part-form]");
    if (!keep && item && (!shown || shown.dataset.partForm !== id)) load(`${words.parts}${id}/`);
    if (!item && shown && shown.dataset.partForm !== "theme") properties.replaceChildren();
    properties.closest(".letter-side").classList.toggle("has-part", Boolean(properties.firstElementChild));
    editor.dispatchEvent(new CustomEvent("letter:selected"));
  };
  letter.select = select;
  const load = async (url) => {
    flush();
    await last;
    await htmx.ajax("GET", url, { target: "#letter-properties", swap: "innerHTML" });
    enhance();
    properties.closest(".letter-side").classList.add("has-part");
  };
  letter.ask = async (name) => {
    if (!letter.selected) return;
    flush();
    await last;
    await htmx.ajax("GET", `${words.parts}${letter.selected}/${name}/`, { target: "#dialog-slot", swap: "innerHTML" });
    const search = document.querySelector("#dialog-slot [data-search]");
    if (search) search.focus();
  };
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-search]")) return;
    const sought = event.target.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("#dialog-slot .targets li")) row.hidden = !row.textContent.toLowerCase().includes(sought);
  });

  // A picture is chosen in the dialog; the select takes it, and its description where there is none.
  let pickFor = "";
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-pick-for]");
    if (!link) return;
    event.preventDefault();
    pickFor = link.dataset.pickFor;
    htmx.ajax("GET", link.pathname, { target: "#dialog-slot", swap: "innerHTML" });
  });
  document.addEventListener("media:picked", (event) => {
    const select = document.getElementById(pickFor);
    if (!select) return;
    const { id, name, alt } = event.detail;
    if (![...select.options].some((one) => one.value === String(id))) select.add(new Option(name, id));
    select.value = String(id);
    const words = document.getElementById(pickFor.replace(/media$/, "alt"));
    if (words && !words.value) words.value = alt || "";
    document.getElementById("dialog").close();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });

  document.addEventListener("click", (event) => {
    const ask = event.target.closest("[data-ask]");
    if (ask) { event.preventDefault(); letter.ask(ask.dataset.ask); return; }
    const name = event.target.closest(".part-name");
    const design = event.target.closest("[data-theme-form]");
    if ((!name && !design) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (design) load(design.href);
    else select(name.closest(".part").dataset.id, { focus: true });
    const side = document.querySelector("[data-region=side]");
    if (side.offsetParent) side.click(); // where the regions are tabs, what was chosen is shown
  });
  // On a phone the three regions are tabs.
  for (const tab of document.querySelectorAll("[data-region]")) {
    tab.addEventListener("click", () => {
      editor.dataset.shown = tab.dataset.region;
      for (const other of document.querySelectorAll("[data-region]")) other.setAttribute("aria-pressed", String(other === tab));
    });
  }

  const enhance = () => {
    if (window.letterTree) window.letterTree();
    if (window.letterRich) window.letterRich(properties);
  };
  letter.enhance = enhance;
  addEventListener("load", () => { enhance(); select(words.part || ""); });
  addEventListener("beforeunload", (event) => { if (waiting || !banner.hidden) event.preventDefault(); });
})();
