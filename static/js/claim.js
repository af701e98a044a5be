// The consumer's page, live: a signal, a poll or the end of the countdown fetches the inside of <main> again.
// Without this script the page is a plain form.
(() => {
  "use strict";
  const main = document.getElementById("claim");
  const { topic, fragment, opened, left, over } = main.dataset;
  const skew = Date.parse(main.dataset.now) - Date.now() || 0;
  const FIELDS = "textarea, input:not([type=hidden], [type=checkbox], [type=radio])";
  let shown = main.innerHTML.trim();
  let socket = null;

  // What was typed and where the cursor was survive; a new heading is read out.
  function show(html) {
    const next = document.createElement("template");
    next.innerHTML = html;
    if (next.innerHTML.trim() === shown) return;
    shown = next.innerHTML.trim();
    const typed = [...main.querySelectorAll(FIELDS)].filter((field) => field.value);
    const focused = document.activeElement?.id;
    const before = main.querySelector("h1")?.textContent;
    main.replaceChildren(next.content);
    for (const { name, value } of typed) {
      const field = main.querySelector(`[name="${CSS.escape(name)}"]`);
      if (field) field.value = value;
    }
    if (focused) document.getElementById(focused)?.focus();
    const heading = main.querySelector("h1")?.textContent;
    if (heading !== before) document.getElementById("announcer").textContent = heading;
    tick();
  }

  async function refresh() {
    if (!fragment || document.hidden) return;
    try {
      const answer = await fetch(fragment, { headers: { "HX-Request": "true" }, cache: "no-store" });
      if (answer.status < 500 && answer.status !== 429) show(await answer.text());
    } catch {
      // No network: the page still stands, the next poll tries again.
    }
  }

  function tick() {
    for (const time of main.querySelectorAll("time[data-countdown]")) {
      const seconds = Math.max(0, Math.ceil((Date.parse(time.dateTime) - Date.now() - skew) / 1000));
      const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      time.textContent = seconds ? left.replace("{time}", clock) : over;
      if (!seconds && !time.dataset.over) setTimeout(refresh, 1000);
      if (!seconds) time.dataset.over = "yes";
    }
  }

  if (topic && window.io) {
    socket = window.io({ transports: ["websocket"], reconnectionDelayMax: 5000 });
    // Fetches after joining: what changed before sent its signal to nobody here.
    socket.on("connect", () => socket.emit("subscribe", { topics: [topic] }, refresh));
    socket.on("slot-changed", refresh);
  }

  // A second tap is harmless; a button that shows the first one is kinder.
  main.addEventListener("submit", (event) => {
    event.submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) window.location.reload(); });
  document.addEventListener("visibilitychange", refresh);
  if (opened) navigator.sendBeacon(opened);
  setInterval(() => { if (!socket?.connected) refresh(); }, 5000);
  // Times of other slots have no signal here: a crowd that fetched at each of them would be a rush of its own.
  setInterval(() => { if (socket?.connected && main.querySelector("[data-again]")) refresh(); }, 20000 + Math.random() * 5000);
  setInterval(tick, 1000);
  tick();
})();
