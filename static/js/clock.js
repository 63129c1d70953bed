// The clock in the navigation, in the site's time zone, whatever the visitor's is.
(() => {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  const words = new Intl.DateTimeFormat("ru", {
    timeZone: clock.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const tick = () => {
    const now = new Date();
    clock.textContent = words.format(now);
    clock.dateTime = now.toISOString();
  };
  tick();
  setInterval(tick, 1000);
})();
