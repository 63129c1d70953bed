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
      charts.push(new window.Chart(canvas, {
        type: "bar",
        data: {
          labels: rows.map((row) => row[0]),
          datasets: [
            { label: canvas.dataset.good, data: rows.map((row) => row[1]), backgroundColor: colour("--s-sent") },
            { label: canvas.dataset.bad, data: rows.map((row) => row[2]), backgroundColor: colour("--s-failed") },
          ],
        },
        options: {
          animation: false, maintainAspectRatio: false,
          scales: { x: axis, y: { ...axis, beginAtZero: true } },
          plugins: { legend: { labels: { color: ink } } },
        },
      }));
    }
  };
  if (!window.Chart) return;
  paint();
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
