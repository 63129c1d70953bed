// The page of a sign-up form: the proof of work is found while the person types. Without it (no
// script, no https, no worker) the form is sent all the same.
"use strict";

(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form || !window.Worker || !window.crypto || !crypto.subtle) return;
  let proof = null;

  async function find() {
    const answer = await fetch(form.dataset.challenge, { credentials: "omit" });
    if (!answer.ok) return;
    const challenge = await answer.json();
    const worker = new Worker(form.dataset.worker);
    const number = await new Promise((resolve) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = () => resolve(-1);
      worker.postMessage(challenge);
    });
    worker.terminate();
    if (number < 0) return;
    delete challenge.token;
    form.elements.altcha.value = btoa(JSON.stringify({ ...challenge, number }));
  }

  function begin() {
    proof = proof || find().catch(() => {});
    return proof;
  }

  form.addEventListener("focusin", begin, { once: true });
  form.addEventListener("submit", async (event) => {
    if (form.elements.altcha.value) return;
    event.preventDefault();
    await Promise.race([begin(), new Promise((resolve) => setTimeout(resolve, 20000))]);
    form.submit();
  });
})();
