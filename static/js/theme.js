// Light or dark, before the first paint. "auto" follows the system. Nothing is kept for "auto".
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage may be forbidden */ }

  const show = () => {
    const dark = kept ? kept === "dark" : system.matches;
    root.dataset.bsTheme = dark ? "dark" : "light";
  };
  show();
  system.addEventListener("change", show);

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
        kept = (next === "dark") === system.matches ? null : next;
        try {
          if (kept) localStorage.setItem("theme", kept); else localStorage.removeItem("theme");
        } catch { /* then it holds for this page only */ }
        show();
      });
    }
  });
})();
