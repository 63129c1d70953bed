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
  // What the fields of a recipient are called.
  letter.fields = new Map([...document.getElementById("rich-bar").content.querySelectorAll("[data-field] option")].map((one) => [one.value, one.textContent.trim()]));
  window.letter = letter;
  // htmx carries a style that a script has set over as an attribute, which the policy forbids.
  htmx.config.attributesToSettle = [];

  // One request at a time; each takes the sequence that the one before it has brought.
  let last = Promise.resolve();
  let savedAt = new Date();
  // What was typed and could not be brought to the server: sent again when it answers again.
  const unsent = new Map();
  const ANSWERS = new Set([200, 409, 422]);
  const PASSING = new Set([502, 503, 504]);
  const wait = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
  const warn = (text, link) => {
    banner.replaceChildren(text);
    if (link) {
      const way = Object.assign(document.createElement("a"), { href: words.signIn, target: "_blank", rel: "noopener", textContent: words.signingIn });
      banner.append(" ", way);
    }
    banner.hidden = false;
  };
  // Signing in changes the token that every request carries: the page itself has the new one.
  const renew = async () => {
    try {
      const answer = await fetch(location.href);
      const found = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(await answer.text());
      if (answer.redirected) return "out";
      if (!answer.ok || !found) return "";
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) [, field.value] = found;
      return "in";
    } catch { return ""; }
  };
  // The answer; null when the server takes nothing now; undefined when it failed twice: never asked again.
  const send = async (url, values) => {
    let failures = 0;
    let renewed = "";
    for (let pause = 2; ; pause = Math.min(pause * 2, 60)) {
      const { sequence, base } = state();
      const shown = properties.querySelector("[data-part-form]");
      const more = [["sequence", sequence], ["base_revision", base], ["selected", shown ? shown.dataset.partForm : ""]];
      const answer = await fetch(url, {
        method: "POST",
        headers: { "HX-Request": "true", "X-CSRFToken": token() },
        body: new URLSearchParams([...values(), ...more]),
      }).catch(() => null);
      if (!answer || PASSING.has(answer.status)) {
        warn(`${words.unsaved} ${savedAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
        await wait(pause);
        continue;
      }
      let signedOut = answer.redirected || answer.headers.has("HX-Redirect");
      if (!signedOut && ANSWERS.has(answer.status)) {
        savedAt = new Date();
        banner.hidden = true;
        return answer;
      }
      if (answer.status === 403 && !renewed) {
        renewed = await renew();
        if (renewed === "in") continue;
        signedOut = renewed === "out";
      }
      failures += 1;
      if (answer.status >= 500 && failures < 2) { await wait(pause); continue; }
      if (signedOut) warn(words.signedOut, true);
      else warn(answer.status >= 500 ? words.failed : words.rejected);
      return answer.status < 500 ? null : undefined;
    }
  };
  // ``kept``: the key of a field or form, and how it is sent again; an act that failed is not done later.
  // ``refused`` puts back what the page has done before it asked.
  const post = (url, values, { focus = false, kept = null, refused = () => {} } = {}) => {
    last = last.then(async () => {
      const now = values();
      if (!now) return;
      const inOutline = focus || document.activeElement.closest("#letter-outline-slot");
      const answer = await send(url, () => values() || now);
      if (kept && answer === null) unsent.set(kept.key, kept.again);
      if (!answer || answer.status === 422) refused();
      if (!answer) return;
      if (kept) { kept.done(answer); unsent.delete(kept.key); }
      await show(answer, inOutline, Boolean(kept));
      again();
    }).catch((error) => { console.error(error); warn(words.failed); });
    return last;
  };
  const again = () => {
    const all = [...unsent.values()];
    unsent.clear();
    for (const one of all) one();
  };
  // Whoever comes back from signing in finds what was typed sent.
  addEventListener("focus", again);
  letter.act = (act, options) => post(words.operations, () => [["act", JSON.stringify(act)]], options);
  // ``given`` makes the act when its turn has come; nothing when there is nothing to do any more.
  letter.type = (given, kept) => post(words.operations, () => { const act = given(); return act && [["act", JSON.stringify(act)]]; }, { kept });

  // The fragments are put in their places by htmx, so that what is in them works. Of what was is typed nobody
  // is led away who has gone on meanwhile.
  const show = async (answer, focus, isTyped) => {
    while (letter.dragging) await wait(0.1);
    const typed = answer.status === 409 ? remembered() : null;
    const nowhere = document.createElement("div");
    const fragments = await answer.text();
    const changes = JSON.parse(/<script id="letter-changes"[^>]*>(.*?)<\/script>/s.exec(fragments)?.[1] || '""') || {};
    htmx.swap(nowhere, fragments, { swapStyle: "none" }, { eventInfo: { target: nowhere, elt: nowhere } });
    if (changes.lists) window.letterTree.change(changes);
    const found = state();
    problem(found.refusal);
    marked(found.fields || "");
    if (typed) typed();
    headed(found.head);
    enhance();
    if (typed) typed.focus();
    if (isTyped && answer.status !== 409) select(letter.selected, { keep: true });
    else if (found.focus && !found.refusal) select(found.focus, { focus, keep: true });
    else select(letter.selected, { focus, keep: true });
    if (found.announce) letter.say(found.announce);
    if (changes.canvas) editor.dispatchEvent(new CustomEvent("letter:changed", { detail: changes.canvas }));
  };
  const problem = (text) => {
    const place = document.getElementById("letter-problem");
    place.textContent = text || "";
    place.hidden = !text;
  };
  // What was typed into a part that somebody has deleted stays to be read.
  letter.lost = (text) => {
    const place = document.getElementById("letter-lost");
    const typed = document.createElement("strong");
    typed.textContent = new DOMParser().parseFromString(text, "text/html").body.textContent;
    place.append(typed);
    place.hidden = false;
  };
  const marked = (names) => {
    const wrong = new Set(names.split(" "));
    for (const field of properties.querySelectorAll("[name]")) field.toggleAttribute("aria-invalid", wrong.has(field.name));
  };
  // What the server has in the fields of a form, as it came or as it was last taken.
  const known = new WeakMap();
  const filled = (form) => new Map([...form.elements].filter((one) => one.name && one.type !== "hidden").map((one) => [one, one.type === "checkbox" ? one.checked : one.value]));
  const changed = (form) => {
    const before = known.get(form) || new Map();
    return [...filled(form)].filter(([one, value]) => before.has(one) && before.get(one) !== value);
  };
  // After a 409 the form is fresh, but for what was typed and not taken yet: it is sent with the next key.
  const remembered = () => {
    const old = properties.querySelector("[data-part-form]");
    const kept = old ? changed(old) : [];
    const active = document.activeElement;
    const box = active.closest(".rich-text");
    const at = box ? box.letterEditor.field : active;
    const held = old && old.contains(active) ? at.name : "";
    const caret = active.matches("textarea, input:is([type=text], [type=search], [type=url])") ? [active.selectionStart, active.selectionEnd] : null;
    let fresh = null;
    const back = () => {
      fresh = properties.querySelector("[data-part-form]");
      if (!old || !fresh || fresh === old) { fresh = null; return; }
      old.dataset.stale = "1";
      if (fresh.dataset.partForm !== old.dataset.partForm) { fresh = null; return; }
      known.set(fresh, filled(fresh));
      for (const [field, value] of kept) {
        const one = fresh.querySelector(`[name="${field.name}"]`);
        if (one && one.type === "checkbox") one.checked = value;
        else if (one) one.value = value;
      }
    };
    back.focus = () => {
      const one = fresh && held && fresh.querySelector(`[name="${held}"]`);
      if (!one) return;
      const text = one.hidden ? one.previousElementSibling : one;
      text.focus();
      if (text.letterEditor) text.letterEditor.squire.moveCursorToEnd();
      else if (caret) text.setSelectionRange(...caret);
    };
    return back;
  };
  // The head as the server has it; a field that is being typed in stays as it is.
  const headed = (given, keep = false) => {
    const form = document.getElementById("letter-form");
    for (const [name, value] of Object.entries(JSON.parse(given || "{}"))) {
      const field = form.elements[name];
      if (!field) continue;
      const shown = field.value;
      const untouched = !keep && shown === field.defaultValue;
      field.defaultValue = value;
      field.value = untouched ? value : shown;
    }
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
  letter.later = (...given) => later(...given);
  // What is typed on the canvas stands in the form beside it as well, and is no change of the form's.
  letter.mirror = (id, field, value) => {
    const form = properties.querySelector(`[data-part-form="${id}"]`);
    const one = form && form.elements[field.replaceAll(".", "-")];
    if (!one || one.value === value) return;
    one.value = value;
    if (known.has(form)) known.get(form).set(one, value);
    if (one.hidden) one.previousElementSibling.letterEditor.set(value);
  };
  letter.save = () => { document.getElementById("letter-form").requestSubmit(); };
  const later = (key, run, pause) => {
    if (waiting && waiting.key !== key) flush();
    if (waiting) clearTimeout(waiting.timer);
    waiting = { key, run, timer: setTimeout(flush, pause) };
  };
  // A form in whose place a fresh one came is not sent: what was typed is in that one.
  const sendPart = (form) => {
    let taken = null;
    const given = () => {
      if (form.dataset.stale) return null;
      taken = filled(form);
      return values(form);
    };
    const done = (answer) => { if (answer.ok) known.set(form, taken); };
    post(form.action, given, { kept: { key: form.action, again: () => sendPart(form), done } });
  };
  const sendHead = (field) => {
    if (field.value === field.defaultValue) return;
    const given = () => [["act", JSON.stringify({ op: "letter", field: field.name, value: field.value })]];
    post(words.operations, given, { kept: { key: `head ${field.name}`, again: () => sendHead(field), done: () => {} } });
  };
  const typed = (event) => {
    const form = event.target.form || event.target.closest("form");
    if (!form) return;
    const pause = event.type === "change" ? 0 : 600;
    if (form.matches("[data-part-form]")) {
      later(form.action, () => {
        const sent = new URLSearchParams(values(form)).toString();
        if (form.dataset.sent !== sent) sendPart(form);
        form.dataset.sent = sent;
      }, pause);
    } else if (form.id === "letter-form" && event.target.name) {
      const field = event.target;
      later(`head ${field.name}`, () => sendHead(field), pause);
    }
  };
  document.addEventListener("input", typed);
  document.addEventListener("change", typed);
  document.addEventListener("focusout", flush);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.matches("[data-part-form]")) {
      event.preventDefault();
      flush();
      if (changed(form).length) sendPart(form); // asked for: also what the server has failed at before
      return;
    }
    if (form.id === "letter-form" && !form.dataset.ready) {
      event.preventDefault(); // what was typed last goes first
      if (letter.canvas) letter.canvas.finish();
      flush();
      again();
      // Not at once: a form is not sent again while its first sending is being announced.
      last.then(() => new Promise(setTimeout)).then(() => {
        if (unsent.size || (letter.canvas && letter.canvas.hasUnsent())) return; // it would be lost with the page
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
    // Of a part that somebody else has deleted, what was typed stays to be read.
    if (!item && shown && shown.dataset.partForm !== "theme" && !changed(shown).length) properties.replaceChildren();
    properties.closest(".letter-side").classList.toggle("has-part", Boolean(properties.firstElementChild));
    editor.dispatchEvent(new CustomEvent("letter:selected"));
  };
  letter.select = select;
  const load = async (url, isSecond = false) => {
    flush();
    await last;
    if (unsent.size) return; // what is typed in the form is not saved yet
    await htmx.ajax("GET", url, { target: "#letter-properties", swap: "innerHTML" });
    const form = properties.querySelector("[data-part-form]");
    if (form && form.elements.sequence.value !== state().sequence && !isSecond) { load(url, true); return; } // older than what was typed meanwhile
    enhance();
    properties.closest(".letter-side").classList.add("has-part");
  };
  letter.ask = async (name) => {
    if (!letter.selected) return;
    flush();
    await last;
    if (unsent.size) return;
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
    const form = properties.querySelector("[data-part-form]");
    if (form && !known.has(form)) known.set(form, filled(form));
    if (window.letterRich) window.letterRich(properties);
    if (form && letter.canvas) letter.canvas.mirrored(form.dataset.partForm);
  };
  letter.enhance = enhance;
  addEventListener("load", () => { headed(state().head, true); enhance(); select(words.part || ""); });
  addEventListener("beforeunload", (event) => { if (waiting || unsent.size || !banner.hidden || (letter.canvas && letter.canvas.hasUnsent())) event.preventDefault(); });
})();
