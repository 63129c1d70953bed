// The rules of a new password that can be checked here are marked as soon as they are met.
(() => {
  const field = document.getElementById("id_password1");
  const rules = document.querySelector(".password-rules");
  if (!field || !rules) return;
  const email = document.getElementById("id_email");
  const check = () => {
    const word = field.value;
    for (const rule of rules.children) {
      let met = false;
      if (rule.dataset.atLeast) met = word.length >= Number(rule.dataset.atLeast);
      else if ("unlikeEmail" in rule.dataset && email && email.value) {
        const name = email.value.split("@")[0].toLowerCase();
        met = word !== "" && !word.toLowerCase().includes(name) && !name.includes(word.toLowerCase());
      }
      rule.classList.toggle("met", met);
    }
  };
  field.addEventListener("input", check);
  if (email) email.addEventListener("input", check);
})();
