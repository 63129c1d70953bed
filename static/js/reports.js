// The charts of a report, from the JSON beside each, in the colours of the page.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = [];
  const paint = () => {
    while (charts.length) charts.pop().destroy();
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
      const rows = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
      const ink = colour("--v-muted");
      const axis = { stacked: true, ticks: { color: ink }, grid: { color: colour("--v-line") } };
      const short = function (value) {
        const words = this.getLabelForValue(value);
        return words.length > 24 ? `${words.slice(0, 23)}…` : words;
      };
      charts.push(new window.Chart(canvas, {
        type: "bar",
        data: {
          labels: rows.map((row) => row[0]),
          datasets: [
            { label: canvas.dataset.good, data: rows.map((row) => row[1]), backgroundColor: colour("--s-sent"), maxBarThickness: 56 },
            { label: canvas.dataset.bad, data: rows.map((row) => row[2]), backgroundColor: colour("--s-failed"), maxBarThickness: 56 },
          ],
        },
        options: {
          animation: false, maintainAspectRatio: false,
          scales: { x: { ...axis, ticks: { color: ink, callback: short } }, y: { ...axis, beginAtZero: true } },
          plugins: { legend: { labels: { color: ink } } },
        },
      }));
    }
  };
  if (!window.Chart) return;
  const show = () => {
    // Without this script the table stands alone, unfolded.
    for (const place of document.querySelectorAll(".chart[hidden], .chart-section[hidden]")) {
      place.hidden = false;
      const table = place.parentElement.querySelector("details");
      if (table) table.open = false;
    }
    paint();
  };
  show();
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.querySelector(".chart[hidden]")) show();
  });
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
