// Makes a plain sign-up form on this page answer without leaving it. No style, no cookie.
(function () {
  "use strict";
  var me = document.currentScript;
  if (!me || !window.fetch) return;
  var base = me.src.replace(/embed\.js.*$/, "");

  async function work(task) {
    var encoder = new TextEncoder();
    for (var number = 0; number <= task.maxnumber; number += 1) {
      var sum = await crypto.subtle.digest("SHA-256", encoder.encode(task.salt + number));
      var hex = Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0"));
      if (hex.join("") === task.challenge) return number;
    }
    return -1;
  }

  async function prepare() {
    try {
      var answer = await fetch(base + "challenge/", { credentials: "omit" });
      var task = await answer.json();
      var token = task.token;
      if (!window.crypto || !crypto.subtle) return { token: token };
      delete task.token;
      task.number = await work(task);
      return { token: token, altcha: task.number < 0 ? "" : btoa(JSON.stringify(task)) };
    } catch (error) {
      return {};
    }
  }

  function enhance(form) {
    var ready = null;
    var line = document.createElement("p");
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
    form.after(line);

    form.addEventListener("focusin", function () { ready = ready || prepare(); });
    form.addEventListener("submit", async function (event) {
      event.preventDefault();
      var button = form.querySelector("[type=submit], button:not([type])");
      if (button) button.disabled = true;
      try {
        var extra = await (ready || prepare());
        var body = new URLSearchParams(new FormData(form));
        Object.keys(extra).forEach((name) => extra[name] && body.set(name, extra[name]));
        var headers = { Accept: "application/json" };
        var sent = { method: "POST", body: body, credentials: "omit", headers: headers };
        var answer = await fetch(base, sent);
        var found = await answer.json();
        line.textContent = found.text;
        if (answer.ok && found.redirect) window.location.assign(found.redirect);
        if (answer.ok) form.reset();
      } catch (error) {
        form.submit();
      }
      ready = null;
      if (button) button.disabled = false;
    });
  }

  document.querySelectorAll("form").forEach(function (form) {
    if (form.action === base) enhance(form);
  });
})();
