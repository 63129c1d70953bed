// The message beside its outline: loaded anew after each act without a flash, its parts are selected by
// a click, and a double click leads into the form of one.
(() => {
  const editor = document.querySelector("[data-letter]");
  const { letter } = window;
  let frame = document.getElementById("letter-canvas");
  if (!editor || !letter || !frame) return;
  const source = frame.dataset.src;
  let wanted = false;
  let loading = false;

  const marked = () => {
    const page = frame.contentDocument;
    if (!page) return;
    for (const one of page.querySelectorAll(".node-selected")) one.classList.remove("node-selected");
    const one = letter.selected && page.querySelector(`[data-node="${letter.selected}"]`);
    if (one) one.classList.add("node-selected");
    return one;
  };
  const listen = (page) => {
    page.addEventListener("click", (event) => {
      event.preventDefault(); // a link in the message leads nowhere here
      const node = event.target.closest("[data-node]");
      if (node) letter.select(node.dataset.node);
    });
    page.addEventListener("dblclick", (event) => {
      const node = event.target.closest("[data-node]");
      if (node) setTimeout(() => letter.enter(), 50);
    });
    page.addEventListener("submit", (event) => event.preventDefault());
  };
  // The new one is made behind the old one and takes its place when it is there.
  const load = () => {
    if (loading) { wanted = true; return; }
    loading = true;
    const next = frame.cloneNode();
    next.removeAttribute("id");
    next.classList.add("behind");
    next.src = `${source}?${document.getElementById("letter-state").dataset.sequence}`;
    next.addEventListener("load", () => {
      const top = frame.contentWindow ? frame.contentWindow.scrollY : 0;
      frame.remove(); // not moved: a frame that is moved loads anew
      next.classList.remove("behind");
      next.id = "letter-canvas";
      frame = next;
      listen(next.contentDocument);
      next.contentWindow.scrollTo(0, top);
      marked();
      loading = false;
      if (wanted) { wanted = false; load(); }
    }, { once: true });
    frame.after(next);
  };
  editor.addEventListener("letter:changed", load);
  editor.addEventListener("letter:selected", () => {
    const one = marked();
    if (one) one.scrollIntoView({ block: "nearest" });
  });
  load();
})();
