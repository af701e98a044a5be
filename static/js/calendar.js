// Moving slots in the calendar: by dragging with a mouse or pen, or with the keyboard (M, arrows, Enter, Escape). A finger
// scrolls; it has the form behind "Move…". Where a slot may go is the server's word: a refused one is back in its place.
(() => {
  "use strict";

  const STEP = 5;
  const SNAP = 15;
  const THRESHOLD = 5;
  const EDGE = 9;
  const LEAST = 5;
  const MOST = 720;
  const DAY = 24 * 60;

  const words = document.getElementById("cal-words")?.dataset ?? {};
  const calendar = () => document.getElementById("calendar");
  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));
  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
  const clock = (minutes) => {
    const at = new Date(2000, 0, 1, 0, minutes);
    return at.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
  };
  const minutesOf = (text) => { const [hours, minutes] = text.split(":").map(Number); return hours * 60 + minutes; };
  const written = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const setNumber = (element, name, value) => element.style.setProperty(name, String(value));

  let move = null;
  let behind = false;
  let suppressClick = false;

  // ---- one move, however it is made ------------------------------------------------------------------------------
  function begin(link, how) {
    const item = link.closest("li");
    const column = item.closest("[data-on]");
    move = {
      link, item, how, column, home: { parent: item.parentElement, next: item.nextElementSibling, column },
      start: minutesOf(link.dataset.at), length: Number(link.dataset.minutes),
    };
    move.was = { start: move.start, length: move.length };
    item.classList.add("cal-moving");
    document.documentElement.classList.toggle("cal-dragging", how !== "keys");
  }

  const isGrid = () => Boolean(calendar()?.querySelector(".cal-grid"));
  const columns = () => [...calendar().querySelectorAll("[data-takes]")];

  function show() {
    const { item, column, start, length } = move;
    for (const other of columns()) other.classList.toggle("cal-aim", other === column && column !== move.home.column);
    if (!isGrid()) return;
    const list = column.querySelector(".cal-slots");
    if (item.parentElement !== list) list.append(item);
    setNumber(item, "--h", Math.floor(start / 60));
    setNumber(item, "--m", (start % 60) / STEP);
    setNumber(item, "--lh", Math.floor(length / 60));
    setNumber(item, "--lm", (length % 60) / STEP);
    const time = item.querySelector(".cal-time");
    if (time) time.textContent = `${clock(start)} – ${clock(start + length)}`;
  }

  function place() {
    const { column, start, length } = move;
    return fill(words.place, { column: column.dataset.column, start: clock(start), end: clock(start + length) });
  }

  function tidy() {
    document.documentElement.classList.remove("cal-dragging");
    for (const other of document.querySelectorAll(".cal-aim")) other.classList.remove("cal-aim");
  }

  function putBack() {
    const { item, home } = move;
    home.parent.insertBefore(item, home.next);
    for (const name of ["--h", "--m", "--lh", "--lm"]) item.style.removeProperty(name);
    item.classList.remove("cal-moving");
  }

  function cancel() {
    const { link, how } = move;
    putBack();
    finish();
    refresh();
    if (how === "keys") { link.focus(); say(words.left); }
  }

  function finish() {
    tidy();
    move = null;
  }

  function changed() {
    return move.start !== move.was.start || move.length !== move.was.length || move.column !== move.home.column;
  }

  function drop() {
    if (!changed()) return cancel();
    const { link, item, column, start, length } = move;
    const values = {
      staff_member_id: column.dataset.staff, on: column.dataset.on, at: written(start), minutes: length,
      sequence: link.dataset.sequence,
    };
    const address = link.dataset.move;
    const id = link.id;
    const undoPlace = putBack.bind(null);
    const kept = move;
    finish();
    item.classList.add("cal-moving");
    // Not from within the calendar: a refresh that is under way takes its place, and what it was to send is lost with it.
    const done = window.htmx.ajax("POST", address, { swap: "none", values });
    return Promise.resolve(done).finally(() => {
      // Refused or not, the page shows what the server says; until it has come, a refused slot stands where it was.
      move = kept;
      if (document.body.contains(item)) undoPlace();
      move = null;
      behind = true;
      refresh();
      document.body.addEventListener("htmx:afterSettle", () => document.getElementById(id)?.focus({ preventScroll: true }), { once: true });
    });
  }

  // A refresh must not take the slot out of somebody's hand.
  function refresh() {
    if (!behind) return;
    behind = false;
    document.body.dispatchEvent(new CustomEvent("slots-changed"));
  }

  // ---- by mouse or pen -------------------------------------------------------------------------------------------
  let press = null;

  function onDown(event) {
    // Who goes on with the mouse has let go of the keys.
    if (move?.how === "keys") cancel();
    if (event.button !== 0 || event.pointerType === "touch" || move) return;
    const link = event.target.closest?.("a[data-slot]");
    if (!link) return;
    const box = link.getBoundingClientRect();
    const stretch = isGrid() && box.bottom - event.clientY < EDGE && box.height > 2 * EDGE;
    press = { link, x: event.clientX, y: event.clientY, grip: event.clientY - box.top, stretch };
  }

  function onMove(event) {
    if (press && !press.link.isConnected) press = null;
    if (press && !move) {
      if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < THRESHOLD) return;
      begin(press.link, press.stretch ? "stretch" : "drag");
    }
    if (!move || move.how === "keys") return hint(event);
    event.preventDefault();
    const column = document.elementsFromPoint(event.clientX, event.clientY).map((element) => element.closest("[data-takes]")).find(Boolean);
    const snap = event.shiftKey ? STEP : SNAP;
    if (move.how === "stretch") stretchTo(event.clientY, snap);
    else dragTo(column ?? move.column, event.clientY, snap);
    show();
    return undefined;
  }

  function hint(event) {
    const link = event.target.closest?.(".cal-slot > a[data-slot]");
    if (link) link.classList.toggle("cal-stretch", link.getBoundingClientRect().bottom - event.clientY < EDGE);
  }

  function minuteAt(column, y) {
    const grid = calendar().querySelector(".cal-grid");
    const body = column.querySelector(".cal-body").getBoundingClientRect();
    const style = getComputedStyle(grid);
    const first = Number(style.getPropertyValue("--from")) * 60;
    const hours = Number(style.getPropertyValue("--hours"));
    return first + ((y - body.top) / body.height) * hours * 60;
  }

  function dragTo(column, y, snap) {
    move.column = column;
    if (!isGrid()) return;
    const start = Math.round(minuteAt(column, y - press.grip) / snap) * snap;
    // Snapping keeps a slot of 9:40 at its minutes until it is really moved.
    move.start = Math.abs(start - move.was.start) < snap / 2 ? move.was.start : clamp(start, 0, DAY - STEP);
  }

  function stretchTo(y, snap) {
    const end = Math.round(minuteAt(move.column, y) / snap) * snap;
    move.length = clamp(end - move.start, Math.max(LEAST, snap === STEP ? STEP : SNAP), MOST);
  }

  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

  function onUp() {
    press = null;
    // The click that a browser makes of a drag, left off with Escape or not, comes at once or not at all.
    setTimeout(() => { suppressClick = false; }, 0);
    if (!move || move.how === "keys") return;
    suppressClick = true;
    drop();
  }

  function onClick(event) {
    if (!suppressClick || !event.target.closest?.("#calendar")) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- by keys ---------------------------------------------------------------------------------------------------
  function onKey(event) {
    if (event.key === "Escape" && move) { event.preventDefault(); press = null; suppressClick = move.how !== "keys"; return cancel(); }
    if (move?.how === "keys") return steer(event);
    const link = event.target.closest?.("a[data-slot]");
    if (!link || event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    begin(link, "keys");
    say(fill(words.move, { what: place() }));
    return undefined;
  }

  const KEYS = {
    ArrowUp: () => { move.start = clamp(move.start - SNAP, 0, DAY - STEP); },
    ArrowDown: () => { move.start = clamp(move.start + SNAP, 0, DAY - STEP); },
    ArrowLeft: () => sideways(-1),
    ArrowRight: () => sideways(1),
  };
  const SHIFTED = {
    ArrowUp: () => { move.length = clamp(move.length - SNAP, SNAP, MOST); },
    ArrowDown: () => { move.length = clamp(move.length + SNAP, SNAP, MOST); },
  };

  function sideways(by) {
    const all = columns();
    move.column = all[clamp(all.indexOf(move.column) + by, 0, all.length - 1)] ?? move.column;
  }

  function steer(event) {
    if (event.key === "Tab") return cancel();
    if (event.key === "Enter") { event.preventDefault(); return drop(); }
    const act = (event.shiftKey ? SHIFTED : KEYS)[event.key];
    if (!act) return undefined;
    event.preventDefault();
    act();
    show();
    if (isGrid()) move.link.focus({ preventScroll: true });
    move.item.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(place());
    return undefined;
  }

  // ---- the page around it ----------------------------------------------------------------------------------------
  function beforeSwap(event) {
    if (event.detail.target?.id !== "calendar" || !move) return;
    event.detail.shouldSwap = false;
    behind = true;
  }

  // The first look at a phone's screen is at the person whom the clock concerns, or at today.
  function lookAtToday() {
    const scroller = document.querySelector(".cal-scroll");
    const today = scroller?.querySelector(".cal-today");
    const several = scroller?.querySelectorAll(".cal-today").length;
    if (today && several === 1) scroller.scrollLeft = today.offsetLeft - scroller.querySelector(".cal-axis").offsetWidth;
  }

  // A day that is picked is gone to at once. Typed, each key makes a date of it: Enter says when it is finished.
  let typed = false;

  function jump(event) {
    if (!event.target.matches?.("[data-cal-jump]")) return;
    if (event.type !== "change") typed = event.type === "keydown";
    else if (event.target.value && !typed) event.target.form.submit();
  }

  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", onUp);
  document.addEventListener("pointercancel", () => { press = null; if (move && move.how !== "keys") cancel(); });
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("#calendar")) event.preventDefault(); });
  for (const kind of ["keydown", "pointerdown", "change"]) document.addEventListener(kind, jump);
  document.body.addEventListener("htmx:beforeSwap", beforeSwap);
  lookAtToday();
})();
