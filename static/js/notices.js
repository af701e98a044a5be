// The bell on every page, and the keys, swipes and next items of the centre. What is shown comes from the server's own
// routes; here is what a person does with it without leaving the place.
(() => {
  "use strict";

  const WIDE = "(min-width: 900px)";
  const MOST_TOASTS = 3;
  const KEPT_IDS = 50;
  const SETTLE_MS = 400;
  const READ_MS = 300;
  const SWIPE_PX = 72;
  const SHOWN_KEY = "notices-shown";
  const KEYS_KEY = "notices-keys";

  const find = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const bell = find("bell");
  if (!bell) return;
  const button = find("bell-button");
  const panel = find("bell-panel");
  const words = find("notice-words").dataset;
  const changes = bell.dataset.changes;
  const fire = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private windows keep nothing */ } };

  let lastUndo = null;
  let pending = Promise.resolve();

  // Each from an element of its own: of several that wait behind one element, htmx keeps the last only.
  function send(address, values = {}) {
    const source = document.createElement("span");
    source.hidden = true;
    bell.append(source);
    const sent = window.htmx.ajax("POST", address, { source, swap: "none", values });
    // What went wrong is said by the page's own listeners; here it only must not stand in the way of the next.
    pending = sent.catch(() => {}).finally(() => source.remove());
    return pending;
  }

  const change = (verb, ids, more = {}) => send(changes, { verb, ids, ...more });

  function post(address) {
    const form = document.createElement("form");
    const token = document.createElement("input");
    Object.assign(form, { method: "post", action: address });
    Object.assign(token, { type: "hidden", name: "csrf_token", value: document.querySelector('meta[name="csrf-token"]').content });
    form.append(token);
    document.body.append(form);
    form.submit();
  }

  // ---- the number ------------------------------------------------------------------------------------------------
  const bareTitle = document.title.replace(/^\(\d+\+?\) /, "");

  function showNumber() {
    const badge = find("bell-count").querySelector("[data-unread]");
    const shown = badge?.textContent.trim() ?? "";
    document.title = shown ? `(${shown}) ${bareTitle}` : bareTitle;
    for (const place of all("[data-unread-number]")) place.textContent = badge?.dataset.unread ?? "";
  }

  // ---- the panel below the bell ----------------------------------------------------------------------------------
  const isOpen = () => !panel.hidden;

  function openPanel() {
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    window.htmx.trigger(panel, "bell-opened");
    panel.focus();
  }

  function closePanel(giveBack) {
    if (!isOpen()) return;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (giveBack) button.focus();
  }

  // Taking back what was done in the panel leaves it open.
  const isElsewhere = (element) => !bell.contains(element) && !element.closest("#toasts");

  const rows = () => all(".bell-item:not(.is-leaving)", panel);

  function moveInPanel(step) {
    const titles = rows().map((row) => row.querySelector(".notice-title"));
    const here = titles.findIndex((title) => title.closest(".bell-item").contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : titles.length - 1) : Math.min(Math.max(here + step, 0), titles.length - 1);
    titles[next]?.focus();
  }

  function toEndOfPanel(last) {
    const titles = rows();
    titles[last ? titles.length - 1 : 0]?.querySelector(".notice-title").focus();
  }

  const PANEL_KEYS = {
    ArrowDown: () => moveInPanel(1),
    ArrowUp: () => moveInPanel(-1),
    Home: () => toEndOfPanel(false),
    End: () => toEndOfPanel(true),
    Escape: () => closePanel(true),
  };

  function onPanelKey(event) {
    const act = PANEL_KEYS[event.key];
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  function onBellClick(event) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (isOpen()) closePanel(true);
    else openPanel();
  }

  // A row that goes gives its focus to the one that takes its place.
  function leave(row) {
    const held = row.contains(document.activeElement);
    const others = all(".bell-item:not(.is-leaving), .notice-line:not(.is-leaving)", row.parentElement);
    const place = others.indexOf(row);
    row.classList.add("is-leaving");
    const next = others[place + 1] ?? others[place - 1];
    if (held) (next?.querySelector(".notice-title, .notice-link") ?? panel).focus();
  }

  function refreshPanel() {
    if (isOpen()) window.htmx.trigger(panel, "bell-refresh");
  }

  function markSeen(within) {
    const ids = all("[data-unseen]", within).flatMap((list) => list.dataset.unseen.split(" ").filter(Boolean));
    if (ids.length > 0 && !document.hidden) change("seen", ids);
    for (const list of all("[data-unseen]", within)) list.dataset.unseen = "";
  }

  // ---- what is new -----------------------------------------------------------------------------------------------
  const known = new Set();
  const opened = Date.parse(find("bell-since").value);

  // The answer to the badge's question brings what came since the last one. It overlaps, so that nothing falls between;
  // what is known is not told again, unless it stands for more by now.
  const markOf = ({ id, parts }) => `${id}:${parts}`;

  function takeNews() {
    const news = find("bell-count").querySelector("[data-news]");
    if (!news) return;
    news.remove();
    const items = [...news.children].map(({ dataset }) => ({ ...dataset }));
    const fresh = items.filter((item) => !known.has(markOf(item)) && Date.parse(item.at) >= opened);
    for (const item of items) known.add(markOf(item));
    find("bell-since").value = news.dataset.until;
    if (fresh.length > 0) tell(fresh);
  }

  // What was put off, at the time that its person chose.
  function takeBack({ detail }) {
    tell([{ ...detail, parts: detail.at }]);
  }

  function tell(items) {
    if (document.hidden) return tellBehind(items);
    takeAsShown(items);
    const isListed = isOpen() || ["inbox", "unread"].includes(find("centre")?.dataset.tab);
    if (isListed) return say(items.map(({ title }) => title).join(". "));
    if (items.length > MOST_TOASTS) return toastFor({ icon: "", title: words.many.replace("{n}", items.length), message: words.open, url: button.href, isPage: true });
    return items.forEach(toastFor);
  }

  // One that stands for several says so in the place of what it took in.
  function toastOf(fold, parts) {
    const shown = fold && parts > 1 && all("#toasts .notice-toast").find(({ dataset }) => dataset.fold === fold);
    return shown || find("notice-toast").content.firstElementChild.cloneNode(true);
  }

  function toastFor({ icon, title, message, url, fold = "", parts = 1, isPage = false }) {
    const element = toastOf(fold, Number(parts));
    element.dataset.fold = fold;
    const link = element.querySelector("[data-notice-title]");
    const mark = element.querySelector("[data-notice-icon]");
    if (icon) mark.textContent = icon;
    else mark.replaceChildren(button.querySelector("svg").cloneNode(true));
    link.textContent = title;
    link.href = url;
    if (!isPage) link.dataset.posts = "";
    element.querySelector("[data-notice-message]").textContent = message;
    fire("toast", { element, text: message ? `${title}. ${message}` : title });
  }

  // ---- beside the page: the browser's own notifications, for who asked for them -----------------------------------
  const canTell = () => "Notification" in window && Notification.permission === "granted";

  function takeAsShown(items) {
    const ids = (stored(SHOWN_KEY) ?? "").split(" ").filter(Boolean);
    store(SHOWN_KEY, [...ids, ...items.map(markOf)].slice(-KEPT_IDS).join(" "));
  }

  // Every tab hears of it. One that is looked at shows it there; else the hidden ones share one tag, so it shows once.
  function tellBehind(items) {
    if (!canTell()) return;
    setTimeout(() => {
      const shown = (stored(SHOWN_KEY) ?? "").split(" ");
      items.filter((item) => item.hushed === undefined && !shown.includes(markOf(item))).forEach(notifyBehind);
    }, SETTLE_MS);
  }

  function notifyBehind({ id, title, message, url, fold }) {
    const options = { body: message, tag: fold || id, data: { url } };
    try {
      const shown = new Notification(title, options);
      shown.addEventListener("click", () => { window.focus(); window.location.assign(url); shown.close(); });
    } catch {
      // Phones show them by the service worker only.
      navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, options));
    }
  }

  function offerAsking() {
    const asks = "Notification" in window && Notification.permission === "default" && window.isSecureContext;
    for (const ask of all("[data-ask-browser]")) ask.hidden = !asks;
  }

  async function askBrowser() {
    await Notification.requestPermission();
    offerAsking();
  }

  // ---- what was done, and taking it back --------------------------------------------------------------------------
  const MOVES = ["archive", "unarchive", "snooze", "unsnooze", "delete"];

  const idsOf = ({ path, formData }) => (path === changes && MOVES.includes(formData.get("verb")) ? formData.getAll("ids") : []);

  // What is moved leaves at once; the next item comes by itself.
  function beforeSend({ detail: { requestConfig } }) {
    moveOn(new Set(idsOf(requestConfig)));
  }

  function moveOn(gone) {
    if (gone.size === 0) return;
    const chosen = chosenId();
    const next = gone.has(chosen) ? neighbour(chosen, gone) : null;
    for (const row of all("[data-notice]")) if (gone.has(row.dataset.notice)) leave(row);
    if (gone.has(chosen)) showInstead(next);
  }

  function afterRequest({ detail: { elt, requestConfig, successful } }) {
    if (successful && elt.id === "own-time") moveOn(new Set([chosenId()]));
    if (successful) return;
    for (const id of idsOf(requestConfig)) for (const row of all(`[data-notice="${id}"]`)) row.classList.remove("is-leaving");
  }

  async function undo() {
    await pending;
    if (!lastUndo) return say(words.nothingToUndo);
    const address = lastUndo;
    lastUndo = null;
    for (const taken of all("#toasts [data-toast-undo]:not([hidden])")) taken.closest(".toast").remove();
    return send(address);
  }

  // ---- the centre: one list, one chosen notice ---------------------------------------------------------------------
  const centre = find("centre");
  const lines = () => all(".notice-line:not(.is-leaving)", centre ?? bell);
  const detail = () => centre?.querySelector("[data-detail]");
  const chosenId = () => detail()?.dataset.detail;
  const linkOf = (id) => (id ? find(`link-${id}`) : null);

  function neighbour(id, without = new Set()) {
    const ids = lines().map((line) => line.dataset.notice);
    const place = ids.indexOf(id);
    if (place < 0) return null;
    return ids.slice(place + 1).find((each) => !without.has(each)) ?? ids.slice(0, place).reverse().find((each) => !without.has(each)) ?? null;
  }

  function showInstead(id) {
    const link = linkOf(id);
    if (link) return choose(link);
    return showNone();
  }

  function choose(link) {
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
    link.click();
  }

  function showNone() {
    find("notice-detail")?.replaceChildren(find("notice-none").content.cloneNode(true));
    markChosen();
  }

  function backToList(event) {
    event.preventDefault();
    const id = chosenId();
    history.pushState({}, "", event.target.closest("a").href);
    showNone();
    (linkOf(id) ?? find("notice-list"))?.focus();
  }

  function markChosen() {
    const id = chosenId();
    for (const link of all(".notice-link[aria-current]")) if (link.id !== `link-${id}`) link.removeAttribute("aria-current");
    linkOf(id)?.setAttribute("aria-current", "true");
  }

  let reading = 0;

  // Opening reads; a page that a browser only prepares, or a key held down on the way past, does not.
  function readSoon() {
    clearTimeout(reading);
    const shown = detail();
    if (!shown || shown.dataset.fresh === undefined || document.prerendering) return;
    reading = setTimeout(() => {
      if (detail() !== shown || document.hidden) return;
      delete shown.dataset.fresh;
      change("open", [shown.dataset.detail]);
    }, READ_MS);
  }

  function step(by) {
    const links = lines().map((line) => line.querySelector(".notice-link"));
    const focused = links.findIndex((link) => link.closest(".notice-line").contains(document.activeElement));
    const here = focused >= 0 ? focused : links.indexOf(linkOf(chosenId()));
    const link = links[Math.min(Math.max(here + by, 0), links.length - 1)];
    if (!link) return;
    if (matchMedia(WIDE).matches || detail()) choose(link);
    else link.focus();
    if (here + by >= links.length - 1) find("notice-next")?.click();
  }

  const current = () => document.activeElement?.closest?.(".notice-line")?.dataset.notice ?? chosenId();

  function archive() {
    const id = current();
    if (id) change(centre.dataset.tab === "archived" ? "unarchive" : "archive", [id]);
  }

  function openSnooze() {
    const id = current();
    if (!id) return;
    if (id !== chosenId()) return choose(linkOf(id));
    const menu = find("snooze");
    if (!menu) return;
    menu.open = true;
    menu.querySelector(".dropdown-item").focus();
  }

  function toggleRead() {
    const id = current();
    const line = id && find(`line-${id}`);
    if (line) change(line.classList.contains("is-unread") ? "read" : "unread", [id]);
  }

  function toggleChosen() {
    find(`pick-${current()}`)?.click();
  }

  function openRecord() {
    find("detail-open")?.click();
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    o: openRecord,
    e: archive,
    s: openSnooze,
    r: toggleRead,
    x: toggleChosen,
    "#": () => current() && change("delete", [current()]),
    u: undo,
    "/": () => find("q")?.focus(),
    "?": () => find("keys").showModal(),
  };

  const usesKeys = () => stored(KEYS_KEY) !== "off";
  const isTyping = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  function onKey(event) {
    if (!centre || !usesKeys() || isOpen() || event.altKey || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    // On a list's line Enter shows the notice, once it is shown it opens the record; on buttons it does what it always does.
    const onChosen = event.key === "Enter" && event.target === linkOf(chosenId());
    const act = onChosen ? openRecord : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function countChosen() {
    const boxes = all(".notice-pick");
    const count = boxes.filter((box) => box.checked).length;
    for (const place of all("[data-bulk-count]")) place.textContent = words.chosen.replace("{n}", count);
    const every = find("pick-all");
    if (every) Object.assign(every, { checked: count > 0 && count === boxes.length, indeterminate: count > 0 && count < boxes.length });
  }

  function toggleChoosing(opener) {
    const isChoosing = centre.querySelector(".centre-list").classList.toggle("is-choosing");
    opener.setAttribute("aria-pressed", String(isChoosing));
    if (!isChoosing) for (const box of all(".notice-pick")) box.checked = false;
    countChosen();
  }

  function onChange(event) {
    const { target } = event;
    if (target.matches("[data-pick-all]")) for (const box of all(".notice-pick")) box.checked = target.checked;
    if (target.matches(".notice-pick, [data-pick-all]")) countChosen();
    if (target.id === "keys-on") store(KEYS_KEY, target.checked ? "on" : "off");
  }

  // ---- fingers: to the left archives, to the right snoozes ---------------------------------------------------------
  let swipe = null;

  function startSwipe(event) {
    const line = event.target.closest?.(".notice-line");
    if (event.pointerType !== "touch" || !line) return;
    swipe = { line, x: event.clientX, y: event.clientY, by: 0 };
  }

  function moveSwipe(event) {
    if (!swipe) return;
    swipe.by = event.clientX - swipe.x;
    const isAcross = Math.abs(swipe.by) > Math.abs(event.clientY - swipe.y);
    if (!isAcross) swipe.by = 0;
    shift();
  }

  // As an animation that stands still: a style of the element's own would be copied by htmx, which the policy forbids.
  function shift() {
    swipe.shifted?.cancel();
    swipe.shifted = swipe.line.animate({ transform: `translateX(${swipe.by}px)` }, { duration: 1, fill: "forwards" });
  }

  function endSwipe() {
    if (!swipe) return;
    const { line, by } = swipe;
    dropSwipe();
    if (Math.abs(by) < SWIPE_PX) return;
    // The end of a swipe may count as a click on the line; the next touch of it is one again.
    const ignore = (event) => event.preventDefault();
    line.addEventListener("click", ignore, { capture: true });
    setTimeout(() => line.removeEventListener("click", ignore, { capture: true }), SETTLE_MS);
    const isArchived = centre.dataset.tab === "archived";
    change(by < 0 ? (isArchived ? "unarchive" : "archive") : "snooze", [line.dataset.notice]);
  }

  function dropSwipe() {
    swipe?.shifted?.cancel();
    swipe = null;
  }

  // ---- wiring ------------------------------------------------------------------------------------------------------
  function onClick(event) {
    const { target } = event;
    const posts = target.closest("a[data-posts]");
    if (posts && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      post(posts.getAttribute("href"));
    }
    const verb = target.closest("[data-verb]")?.dataset;
    if (verb) change(verb.verb, [verb.ids], verb.until ? { until: verb.until } : {});
    const readAll = target.closest("[data-read-all]");
    if (readAll) send(readAll.dataset.readAll);
    const shows = target.closest("[data-shows]");
    if (shows) showMore(shows);
    if (target.closest("[data-ask-browser]")) askBrowser();
    if (target.closest("[data-to-list]")) backToList(event);
    if (target.closest("#choose")) toggleChoosing(target.closest("#choose"));
    const acts = target.closest("[data-acts]");
    if (acts) change("acted", [acts.dataset.acts]);
    if (target.isConnected && isElsewhere(target)) closePanel(false);
  }

  // Lists and panes are fetched anew by signals, often before the answer is here: their forms are sent from elsewhere.
  function onSubmit(event) {
    const form = event.target;
    if (form.dataset.sends === undefined) return;
    event.preventDefault();
    const values = {};
    for (const [name, value] of new FormData(form, event.submitter)) (values[name] ??= []).push(value);
    // The filter may have been changed since this form came.
    if (form.dataset.ofType !== undefined) values.type = [find("type").value];
    form.closest("details[data-menu]")?.removeAttribute("open");
    send(form.getAttribute("action"), values);
  }

  function showMore(opener) {
    const more = find(opener.getAttribute("aria-controls"));
    more.hidden = !more.hidden;
    opener.setAttribute("aria-expanded", String(!more.hidden));
    if (!more.hidden) more.querySelector("button").focus();
  }

  // What is replaced may hold the focus, and choices that somebody was just making.
  let firstNew = -1;
  let chosenTimes = null;

  function beforeSwap({ detail: { target } }) {
    const focused = document.activeElement;
    if (target.id === "notice-more" && target.contains(focused)) firstNew = lines().length;
    const opener = target === panel && panel.querySelector('[data-shows][aria-expanded="true"]');
    if (opener) chosenTimes = { opener: opener.id, focused: focused.id };
  }

  function giveFocus(target) {
    if (firstNew >= 0) lines()[firstNew]?.querySelector(".notice-link").focus();
    firstNew = -1;
    const opener = chosenTimes && find(chosenTimes.opener);
    if (opener) showMore(opener);
    if (opener && chosenTimes.focused) find(chosenTimes.focused)?.focus();
    chosenTimes = null;
    // Where there is room for one pane, the line that was chosen isn't on the page any more.
    if (target?.id === "notice-detail" && !matchMedia(WIDE).matches) target.focus();
  }

  function afterSettle({ detail: { elt, target } }) {
    giveFocus(target);
    takeNews();
    showNumber();
    offerAsking();
    if (elt.contains?.(panel) || panel.contains(elt)) markSeen(panel);
    if (!centre) return;
    markChosen();
    countChosen();
    readSoon();
  }

  // Where a letter or a push led. A page that a browser only prepares waits until it is looked at.
  function sendItself() {
    const form = document.querySelector("form[data-sends-itself]");
    if (!form) return;
    if (document.prerendering) document.addEventListener("prerenderingchange", () => form.requestSubmit(), { once: true });
    else form.requestSubmit();
  }

  function startCentre() {
    if (!centre) return;
    document.addEventListener("pointerdown", startSwipe);
    document.addEventListener("pointermove", moveSwipe);
    document.addEventListener("pointerup", endSwipe);
    document.addEventListener("pointercancel", dropSwipe);
    document.addEventListener("change", onChange);
    document.addEventListener("visibilitychange", readSoon);
    const keysOn = find("keys-on");
    if (keysOn) keysOn.checked = usesKeys();
    markChosen();
    readSoon();
  }

  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", "bell-panel");
  button.addEventListener("click", onBellClick);
  panel.addEventListener("keydown", onPanelKey);
  button.addEventListener("keydown", (event) => { if (event.key === "ArrowDown" && isOpen()) onPanelKey(event); });
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  document.body.addEventListener("htmx:beforeSwap", beforeSwap);
  document.body.addEventListener("htmx:afterSettle", afterSettle);
  document.body.addEventListener("htmx:beforeSend", beforeSend);
  document.body.addEventListener("htmx:afterRequest", afterRequest);
  for (const name of ["notices-changed", "reconnected", "poll"]) document.body.addEventListener(name, refreshPanel);
  document.body.addEventListener("notice-back", takeBack);
  document.body.addEventListener("toast", ({ detail: { undo: address } }) => { if (address) lastUndo = address; });
  bell.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && isElsewhere(relatedTarget)) closePanel(false); });
  showNumber();
  startCentre();
  sendItself();
})();
