// Reads a chart out while a finger or the pointer is on it: the words of the bar stand above the chart, where a finger
// doesn't cover them. Without this script each chart still has its sum in words and its table.
(() => {
  "use strict";

  let read = null;

  const wordsOf = (bar) => bar.closest(".chart-card")?.querySelector("[data-readout]");

  function forget() {
    if (!read) return;
    const words = wordsOf(read);
    if (words) words.textContent = words.dataset.readout;
    read.classList.remove("is-read");
    read = null;
  }

  function follow(event) {
    const bar = event.target.closest?.("[data-bar]");
    if (bar === read) return;
    forget();
    if (!bar) return;
    read = bar;
    bar.classList.add("is-read");
    const words = wordsOf(bar);
    if (words) words.textContent = bar.dataset.bar;
  }

  document.addEventListener("pointerover", follow);
  document.addEventListener("pointerdown", follow);
  document.body.addEventListener("htmx:beforeSwap", forget);
})();
