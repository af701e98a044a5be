// Puts a variable or a ready answer where the cursor stands, and keeps the end of a conversation in sight.
(() => {
  "use strict";

  function insert({ dataset }) {
    const field = document.getElementById(dataset.into);
    field.setRangeText(dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function showEnd() {
    for (const list of document.querySelectorAll("[data-scroll-end]")) list.scrollTop = list.scrollHeight;
  }

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-insert]");
    if (!chosen) return;
    event.preventDefault();
    insert(chosen);
  });
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.elt.querySelector?.("[data-scroll-end]")) showEnd();
  });
  showEnd();
})();
