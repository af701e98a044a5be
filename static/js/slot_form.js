// A service fills in its length and its price; what somebody typed themselves stays.
(() => {
  "use strict";

  const filled = new Map();

  function fill(select) {
    const { minutes, price } = select.selectedOptions[0]?.dataset ?? {};
    for (const [name, value] of [["minutes", minutes], ["price", price]]) {
      const field = select.form.elements.namedItem(name);
      const isOwn = field && field.value !== "" && field.value !== filled.get(name);
      if (!field || isOwn) continue;
      field.value = value ?? "";
      filled.set(name, field.value);
    }
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-fills]")) fill(target);
  });
})();
