// What the pages do beyond links and forms: toasts, clocks, dialogs, menus. live.js brings the signals. Everything here improves a page
// that works without it. No inline code and no eval: the content security policy forbids both.
(() => {
  "use strict";

  const POLL_MS = 30_000;
  const TOAST_MS = 8_000;
  const QUICK_MS = 300;
  const LONG_MS = 1_000;
  const STUCK_MS = 30_000;

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = document.getElementById("words")?.dataset ?? {};
  const fire = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { detail }));

  // ---- one live region -------------------------------------------------------------------------------------------
  let lastSaid = "";
  let saidAt = 0;

  function announce(text) {
    const region = document.getElementById("announcer");
    const repeated = text === lastSaid && Date.now() - saidAt < LONG_MS;
    if (!region || !text || repeated) return;
    [lastSaid, saidAt] = [text, Date.now()];
    region.textContent = "";
    // Some screen readers miss text that arrives in the same moment as the emptying.
    setTimeout(() => { region.textContent = text; }, 100);
  }

  const announced = new Map();

  // A fragment says what is news by data-announce; the same words are not read again at each refresh.
  function announceNews(within, quietly = false) {
    for (const element of all("[data-announce]", within)) {
      const key = element.id || element.dataset.announceKey || "news";
      const news = element.dataset.announce;
      if (!quietly && announced.get(key) !== news) announce(news);
      announced.set(key, news);
    }
  }

  // ---- toasts ----------------------------------------------------------------------------------------------------
  function toast(text, kind = "info", undo = null) {
    const template = document.getElementById(`toast-${kind}`) ?? document.getElementById("toast-info");
    if (!template || !text) return;
    const element = template.content.firstElementChild.cloneNode(true);
    element.querySelector("[data-toast-text]").textContent = text;
    if (undo) offerUndo(element, undo);
    show(element, text);
    if (kind !== "error") dismissLater(element);
  }

  function show(element, text) {
    if (!element.isConnected) document.getElementById("toasts")?.append(element);
    announce(text);
  }

  // One that its own script made, or changed.
  function showMade({ element, text }) {
    show(element, text);
    dismissLater(element);
  }

  function offerUndo(element, address) {
    const button = element.querySelector("[data-toast-undo]");
    button.hidden = false;
    button.addEventListener("click", () => {
      element.remove();
      window.htmx.ajax("POST", address, { swap: "none" });
    });
  }

  const leaving = new WeakMap();

  function dismissLater(element, after = TOAST_MS) {
    // Somebody who reads or reaches for it keeps it.
    const leave = () => (element.matches(":hover, :focus-within") ? dismissLater(element, LONG_MS) : element.remove());
    clearTimeout(leaving.get(element));
    leaving.set(element, setTimeout(leave, after));
  }

  function showFlashes() {
    for (const flash of all("[data-flash]")) {
      toast(flash.querySelector("[data-flash-text]").textContent.trim(), flash.dataset.flash, flash.dataset.flashUndo);
      flash.remove();
    }
  }

  // ---- HTMX: token, failures, focus ------------------------------------------------------------------------------
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content;

  // A fragment that refreshes itself fails quietly: the connection mark already says that the page may be behind.
  function askedByPerson(detail) {
    const event = detail.requestConfig?.triggeringEvent;
    return detail.requestConfig?.verb !== "get" || ["click", "submit", "change", "input", "keyup"].includes(event?.type);
  }

  function sentenceOf(xhr) {
    const answer = new DOMParser().parseFromString(xhr.responseText ?? "", "text/html");
    const sentence = answer.querySelector("[data-error-sentence]")?.textContent.trim();
    const reference = answer.querySelector("[data-error-reference]")?.textContent.trim();
    if (!sentence) return words.failed;
    return reference ? `${sentence} (${reference})` : sentence;
  }

  // Details that somebody opened stay open when their list is fetched again.
  function keepOpen(target) {
    const ids = all("details[id][open]", target).map((element) => element.id);
    if (ids.length === 0) return;
    target.addEventListener("htmx:afterSettle", () => reopen(ids), { once: true });
    document.body.addEventListener("htmx:afterSettle", () => reopen(ids), { once: true });
  }

  function reopen(ids) {
    for (const id of ids) document.getElementById(id)?.setAttribute("open", "");
  }

  const choices = "input[type=checkbox], input[type=radio]";

  function isChanged(field) {
    if (field.matches(choices)) return field.checked !== field.defaultChecked;
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.value !== field.defaultValue;
  }

  // What somebody entered and has not sent yet stays in its fields when the fragment around them is fetched again.
  function keepTyped(target) {
    const fields = all("input[id]:not([type=hidden], [type=file]), textarea[id], select[id]", target).filter(isChanged);
    const typed = fields.map(({ id, value, checked }) => ({ id, value, checked }));
    if (typed.length > 0) document.body.addEventListener("htmx:afterSettle", () => typed.forEach(typeAgain), { once: true });
  }

  function typeAgain({ id, value, checked }) {
    const field = document.getElementById(id);
    if (field?.matches(choices)) field.checked = checked;
    else if (field) field.value = value;
  }

  // A refresh must not take away a dialog that somebody is reading, a field that somebody is filling in, or a form whose
  // answer is on its way.
  function isInUse(target) {
    const field = document.activeElement;
    const typing = field && target.contains(field) && field.matches("input:not([type=hidden]), textarea, select");
    return Boolean(target.querySelector("dialog[open], form.htmx-request")) || Boolean(typing);
  }

  let heldIn = "";

  // Whoever pressed a button that doesn't come back with its fragment goes on there, not at the top of the page.
  function goOnWithin(settled) {
    const place = heldIn && document.getElementById(heldIn);
    if (!place || !(settled.contains(place) || place.contains(settled))) return;
    heldIn = "";
    if (document.activeElement !== document.body) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }

  let behind = false;

  function catchUpWhenFree() {
    if (!behind) return;
    behind = false;
    setTimeout(() => fire("reconnected"), QUICK_MS);
  }

  function beforeSwap(event) {
    const { detail } = event;
    if (!detail.target || !detail.shouldSwap) return;
    if (!askedByPerson(detail) && isInUse(detail.target)) {
      detail.shouldSwap = false;
      behind = true;
      return;
    }
    if (detail.target.contains(document.activeElement)) heldIn = detail.target.id;
    keepOpen(detail.target);
    if (!askedByPerson(detail)) keepTyped(detail.target);
  }

  // The place that an answer is for may have been fetched anew while it was under way: then it takes the new one.
  function goOnInItsPlace(event) {
    const { detail, target, currentTarget } = event;
    const asking = detail.requestConfig?.elt;
    if (target !== currentTarget || target.isConnected || asking === target || !asking?.isConnected) return;
    const place = target.id && document.getElementById(target.id);
    if (!place) return;
    detail.target = place;
    beforeSwap(event);
  }

  function afterSettle(event) {
    const target = event.detail.elt ?? event.target;
    announceNews(target);
    freshen();
    const summary = target.querySelector?.("[data-error-summary]");
    if (summary) summary.focus();
    else goOnWithin(target);
  }

  function listenToHtmx() {
    const { body } = document;
    body.addEventListener("htmx:configRequest", ({ detail }) => {
      if (detail.verb !== "get" && token()) detail.headers["X-CSRFToken"] = token();
    });
    // Events of a place that is gone don't reach the body.
    body.addEventListener("htmx:beforeRequest", ({ detail }) => detail.target?.addEventListener("htmx:beforeSwap", goOnInItsPlace));
    body.addEventListener("htmx:beforeSwap", beforeSwap);
    body.addEventListener("htmx:afterSettle", afterSettle);
    body.addEventListener("htmx:responseError", ({ detail }) => {
      if (askedByPerson(detail)) toast(sentenceOf(detail.xhr), "error");
    });
    for (const name of ["htmx:sendError", "htmx:timeout"]) {
      body.addEventListener(name, ({ detail }) => {
        if (askedByPerson(detail)) toast(words.offline, "error");
      });
    }
    body.addEventListener("toast", ({ detail }) => (detail.element ? showMade(detail) : toast(detail.text, detail.kind, detail.undo)));
  }

  // ---- clocks ----------------------------------------------------------------------------------------------------
  // Countdowns follow the server's clock; many phones are minutes off.
  const skew = Date.parse(document.body.dataset.now ?? "") - Date.now() || 0;
  const serverNow = () => Date.now() + skew;

  function tick() {
    for (const element of all("time[data-countdown]")) {
      const seconds = Math.max(0, Math.ceil((Date.parse(element.dateTime) - serverNow()) / 1000));
      const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      element.textContent = seconds > 0 ? words.left.replace("{time}", clock) : words.over;
      if (seconds === 0 && !element.dataset.over) endCountdown(element);
    }
  }

  function endCountdown(element) {
    element.dataset.over = "yes";
    // A moment later the server agrees that it is over.
    setTimeout(() => fire("countdown-ended"), LONG_MS);
  }

  const STEPS = [[60, 60, "minutes"], [3_600, 24, "hours"], [86_400, 7, "days"]];

  function relative(instant) {
    const seconds = (instant - serverNow()) / 1000;
    const size = Math.abs(seconds);
    if (size < 60) return words.now;
    const step = STEPS.find(([unit, most]) => Math.floor(size / unit) < most);
    if (!step) return null;
    const [unit, , name] = step;
    const key = seconds < 0 ? `${name}Ago` : `in${name[0].toUpperCase()}${name.slice(1)}`;
    return words[key]?.replace("{n}", Math.floor(size / unit)) ?? null;
  }

  function freshen() {
    for (const element of all("time[data-relative]")) {
      const text = relative(Date.parse(element.dateTime));
      if (text) element.textContent = text;
    }
    tick();
  }

  // ---- forms, dialogs, menus -------------------------------------------------------------------------------------
  const busy = new WeakMap();

  function onSubmit(event) {
    const form = event.target;
    if (form.matches("[data-theme-form]")) return chooseTheme(event);
    if (busy.has(form)) return event.preventDefault();
    if (form.method === "dialog" || form.dataset.notBusy !== undefined) return undefined;
    // htmx and the browser read the form first; a button that is disabled too early would be missing from it.
    setTimeout(() => startBusy(form, event.submitter), 0);
    return undefined;
  }

  function startBusy(form, button) {
    const label = button?.querySelector("[data-label]");
    const before = label?.textContent;
    const timers = [
      setTimeout(() => button?.classList.add("btn-loading"), QUICK_MS),
      setTimeout(() => sayWhat(button, label), LONG_MS),
      setTimeout(() => endBusy(form), STUCK_MS),
    ];
    busy.set(form, () => {
      timers.forEach(clearTimeout);
      button?.classList.remove("btn-loading");
      if (label) label.textContent = before;
    });
  }

  function sayWhat(button, label) {
    if (!button?.dataset.busy || !label) return;
    button.classList.remove("btn-loading");
    label.textContent = button.dataset.busy;
    announce(button.dataset.busy);
  }

  function endBusy(form) {
    busy.get(form)?.();
    busy.delete(form);
  }

  function chooseTheme(event) {
    event.preventDefault();
    const data = new FormData(event.target);
    const choice = event.submitter?.value ?? "auto";
    data.set("theme", choice);
    document.dispatchEvent(new CustomEvent("theme-chosen", { detail: choice }));
    for (const button of all("button[name=theme]")) button.setAttribute("aria-pressed", String(button.value === choice));
    fetch(event.target.action, { method: "POST", body: data, redirect: "manual", keepalive: true }).catch(() => {});
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.querySelector("[data-copy-label]");
    const before = label.textContent;
    if (before === words.copied) return;
    label.textContent = words.copied;
    announce(words.copied);
    setTimeout(() => { label.textContent = before; }, 2 * LONG_MS);
  }

  function onClick(event) {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.dialog).showModal();
    }
    event.target.closest("[data-dialog-close]")?.closest("dialog").close();
    event.target.closest("[data-toast-close]")?.closest(".toast").remove();
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    for (const menu of all("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  }

  function onKey(event) {
    if (event.key !== "Escape") return;
    for (const menu of all("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }

  function afterRequest({ detail }) {
    const form = detail.elt.closest?.("form");
    if (!form) return;
    endBusy(form);
    if (detail.successful) form.closest("dialog[open]")?.close();
  }

  function listenToPeople() {
    document.addEventListener("submit", onSubmit);
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("focusout", catchUpWhenFree);
    document.addEventListener("announce", ({ detail }) => announce(detail));
    // `close` doesn't bubble, but it can be captured.
    document.addEventListener("close", catchUpWhenFree, true);
    document.body.addEventListener("htmx:afterRequest", afterRequest);
    // A page that comes back from the browser's memory is old, and its forms were sent long ago.
    window.addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      all("form").forEach(endBusy);
      fire("reconnected");
    });
  }

  function keepOfflinePage() {
    const address = document.documentElement.dataset.worker;
    if (address) navigator.serviceWorker?.register(address).catch(() => {});
  }

  listenToPeople();
  listenToHtmx();
  showFlashes();
  announceNews(document, true);
  freshen();
  document.querySelector(".app-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  window.addEventListener("load", keepOfflinePage);
  setInterval(tick, 1_000);
  setInterval(freshen, POLL_MS);
})();
