// Live updates. A signal of the server becomes a DOM event on <body>, and the fragment that waits for it
// (hx-trigger="slots-changed from:body, reconnected from:body, poll from:body") is fetched again by its own route,
// so permission stays there. Without a connection the page polls and says so.
(() => {
  "use strict";

  const POLL_MS = 30_000;
  const GRACE_MS = 2_000;

  const words = document.getElementById("words")?.dataset ?? {};
  const mark = document.getElementById("connection");
  const fire = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));

  const subscribed = new Set();
  const missed = new Set();
  let socket = null;
  let markTimer = 0;
  let wasLost = false;

  function topics() {
    const named = [...document.querySelectorAll("[data-topics]")].flatMap((element) => element.dataset.topics.split(/\s+/));
    return [...new Set(named.filter(Boolean))];
  }

  function subscribe() {
    const fresh = topics().filter((name) => !subscribed.has(name));
    if (!socket?.connected || fresh.length === 0) return;
    for (const name of fresh) subscribed.add(name);
    // What changed between the rendering and the joining sent its signal to nobody here: fetch once more.
    socket.emit("subscribe", { topics: fresh }, () => onSignal("reconnected"));
  }

  function onConnect() {
    clearTimeout(markTimer);
    markTimer = 0;
    mark?.setAttribute("hidden", "");
    if (wasLost) say(words.back);
    wasLost = false;
    subscribed.clear();
    subscribe();
  }

  function onLost() {
    // Shorter breaks (a page that is being left, a server that restarts) are nobody's concern.
    markTimer ||= setTimeout(showLost, GRACE_MS);
  }

  function showLost() {
    mark?.removeAttribute("hidden");
    if (!wasLost) say(words.lost);
    wasLost = true;
  }

  function onDisconnect(reason) {
    onLost();
    // The server cut it, most likely because the session ended: the client would not try again by itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), GRACE_MS);
  }

  function onRefused() {
    onLost();
    if (!socket.active) setTimeout(() => socket.connect(), POLL_MS);
  }

  function connect() {
    // WebSocket only: several server processes then need no sticky sessions.
    // Back within three seconds, so that what was missed is there within five.
    socket = window.io({ transports: ["websocket"], reconnectionDelayMax: 3_000, timeout: 5_000 });
    socket.on("connect", onConnect);
    socket.on("disconnect", onDisconnect);
    socket.on("connect_error", onRefused);
    socket.onAny(onSignal);
    window.addEventListener("online", () => socket.connect());
  }

  const waitsFor = (element, name) => Boolean(element?.getAttribute("hx-trigger")?.includes(`${name} `));

  // A fragment that asks for itself, or one whose place the answer to a form will take.
  function isBeingAnswered(name) {
    return [...document.querySelectorAll(".htmx-request")].some((element) => {
      const target = element.getAttribute("hx-target");
      return waitsFor(element, name) || (target?.startsWith("#") && waitsFor(document.querySelector(target), name));
    });
  }

  // What htmx queues on a fragment is lost with it when the answer under way takes its place: say it once more then.
  function onSignal(name, payload) {
    if (isBeingAnswered(name)) missed.add(name);
    fire(name, payload);
  }

  function sayMissed() {
    for (const name of [...missed]) {
      // It was another fragment that settled: said now, it would be lost in the same way.
      if (isBeingAnswered(name)) continue;
      missed.delete(name);
      fire(name);
    }
  }

  function poll() {
    if (!socket?.connected && !document.hidden && topics().length > 0) fire("poll");
  }

  function watch() {
    if (!socket && window.io && topics().length > 0) connect();
    subscribe();
  }

  watch();
  // A fragment may bring topics of its own.
  document.body.addEventListener("htmx:afterSettle", watch);
  document.body.addEventListener("htmx:afterSettle", sayMissed);
  document.body.addEventListener("htmx:afterRequest", sayMissed);
  document.addEventListener("visibilitychange", poll);
  setInterval(poll, POLL_MS);
})();
