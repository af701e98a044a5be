// Puts a variable where the cursor stands in the wording, and lets the page know that it was typed.
(() => {
  "use strict";

  function insert({ dataset }) {
    const field = document.getElementById(dataset.into);
    field.setRangeText(dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) insert(button);
  });
})();
