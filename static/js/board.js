// The board: cards are dragged into another stage with a mouse, pen or finger (a long press), or moved with the keyboard
// (M, arrows, Enter, Escape). Without any of it the form behind "Move to…" does the same. What is allowed is the server's word.
(() => {
  "use strict";

  const THRESHOLD = 6;
  const LONG_PRESS_MS = 350;
  const EDGE = 48;

  const words = document.getElementById("board-words")?.dataset ?? {};
  const board = () => document.getElementById("board");
  const columns = () => [...(board()?.querySelectorAll(".board-column") ?? [])];
  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));
  const fill = (pattern, values) => (pattern ?? "").replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

  let move = null;
  let press = null;
  let behind = false;
  let suppressClick = false;

  function begin(card, how) {
    const column = card.closest(".board-column");
    move = { card, how, home: column, column, next: card.nextElementSibling, parent: card.parentElement };
    card.classList.add("board-lifted");
    document.documentElement.classList.toggle("board-dragging", how === "pointer");
  }

  function aim(column) {
    if (!column || column === move.column) return;
    move.column = column;
    for (const other of columns()) other.classList.toggle("board-aim", other === column && column !== move.home);
    column.querySelector(".board-cards").prepend(move.card);
    column.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function end() {
    const ended = move;
    move = null;
    press = null;
    ended.card.classList.remove("board-lifted");
    document.documentElement.classList.remove("board-dragging");
    for (const column of columns()) column.classList.remove("board-aim");
    return ended;
  }

  function putBack({ card, parent, next }) {
    if (card.isConnected) parent.insertBefore(card, next?.parentElement === parent ? next : null);
  }

  function cancel() {
    const ended = end();
    putBack(ended);
    if (ended.how === "keys") {
      ended.card.querySelector("a").focus();
      say(fill(words.left, { name: ended.card.dataset.name, stage: ended.home.dataset.name }));
    }
    refresh();
  }

  function drop() {
    if (move.column === move.home) return cancel();
    const ended = end();
    if (ended.column.dataset.outcome === "lost") return askWhy(ended);
    return send(ended, "");
  }

  function askWhy(ended) {
    const dialog = document.getElementById("lost-dialog");
    const why = document.getElementById("lost-why");
    why.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "move" && why.value.trim()) send(ended, why.value);
      else { putBack(ended); focusOn(ended.card.id); refresh(); }
    }, { once: true });
    dialog.showModal();
    why.focus();
  }

  function send(ended, reason) {
    const form = ended.card.querySelector("form");
    const values = { stage_id: ended.column.dataset.stage, lost_reason: reason };
    // Not from within the board: a refresh under way takes its place, and what it was to send is lost with it.
    const done = window.htmx.ajax("POST", new URL(form.action).pathname, { swap: "none", values });
    return Promise.resolve(done).finally(() => {
      // Refused or not, the board shows what the server says; until it has come, the card stands where it was.
      putBack(ended);
      behind = true;
      document.body.addEventListener("htmx:afterSettle", () => focusOn(ended.card.id), { once: true });
      refresh();
    });
  }

  function focusOn(id) {
    document.getElementById(id)?.querySelector("a")?.focus({ preventScroll: true });
  }

  function refresh() {
    if (!behind) return;
    behind = false;
    document.body.dispatchEvent(new CustomEvent("prospects-changed"));
  }

  // ---- by mouse, pen or finger -------------------------------------------------------------------------------------
  function onDown(event) {
    if (move?.how === "keys") cancel();
    if (event.button !== 0 || move) return;
    const card = event.target.closest?.(".board-card[data-movable]");
    if (!card || event.target.closest("details, button, input, select")) return;
    press = { card, x: event.clientX, y: event.clientY, touch: event.pointerType === "touch", timer: 0 };
    // A finger scrolls; one that rests on a card lifts it.
    if (press.touch) press.timer = setTimeout(() => { if (press) { begin(press.card, "pointer"); navigator.vibrate?.(20); } }, LONG_PRESS_MS);
  }

  function onMove(event) {
    if (press && !move) {
      if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < THRESHOLD) return;
      if (press.touch || !press.card.isConnected) return release();
      begin(press.card, "pointer");
    }
    if (move?.how !== "pointer") return;
    event.preventDefault();
    aim(document.elementsFromPoint(event.clientX, event.clientY).map((element) => element.closest(".board-column")).find(Boolean));
    const box = board().getBoundingClientRect();
    if (event.clientX > box.right - EDGE) board().scrollBy({ left: 12 });
    if (event.clientX < box.left + EDGE) board().scrollBy({ left: -12 });
  }

  function release() {
    clearTimeout(press?.timer);
    press = null;
  }

  function onUp() {
    release();
    setTimeout(() => { suppressClick = false; }, 0);
    if (move?.how !== "pointer") return;
    suppressClick = true;
    drop();
  }

  function onClick(event) {
    if (!suppressClick || !event.target.closest?.("#board")) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- by keys -----------------------------------------------------------------------------------------------------
  function onKey(event) {
    if (event.key === "Escape" && move) { event.preventDefault(); suppressClick = move.how === "pointer"; return cancel(); }
    if (move?.how === "keys") return steer(event);
    const card = event.target.closest?.(".board-card[data-movable]");
    const typing = event.target.closest?.("input, select, textarea");
    if (!card || typing || event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    begin(card, "keys");
    say(fill(words.lifted, { name: card.dataset.name, stage: move.home.dataset.name }));
    return undefined;
  }

  function steer(event) {
    if (event.key === "Tab") return cancel();
    if (event.key === "Enter") { event.preventDefault(); return drop(); }
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return undefined;
    event.preventDefault();
    const all = columns();
    aim(all[Math.min(Math.max(all.indexOf(move.column) + by, 0), all.length - 1)]);
    move.card.querySelector("a").focus({ preventScroll: true });
    say(fill(words.over, { stage: move.column.dataset.name }));
    return undefined;
  }

  // A refresh must not take the card out of somebody's hand.
  function beforeSwap(event) {
    if (event.detail.target?.id !== "board" || !move) return;
    event.detail.shouldSwap = false;
    behind = true;
  }

  if (!words.lifted) return;
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove, { passive: false });
  document.addEventListener("pointerup", onUp);
  document.addEventListener("pointercancel", () => { release(); if (move?.how === "pointer") cancel(); });
  document.addEventListener("touchmove", (event) => { if (move?.how === "pointer") event.preventDefault(); }, { passive: false });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".board-card")) event.preventDefault(); });
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onKey);
  document.body.addEventListener("htmx:beforeSwap", beforeSwap);
})();
