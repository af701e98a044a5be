// Keeps /dev/phone live: asks for the cards once a second, and changes only what differs, so that a reply being
// typed, the focus and the place in a thread all stay.
"use strict";

const main = document.getElementById("phones");
const live = document.getElementById("live");
const POLL_MS = 1000;

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    const today = moment.toDateString() === new Date().toDateString();
    const clock = { hour: "numeric", minute: "2-digit" };
    time.textContent = moment.toLocaleString([], today ? clock : { weekday: "short", day: "numeric", month: "short", ...clock });
    time.title = moment.toLocaleString();
  }
}

function toEnd(texts) {
  texts.scrollTop = texts.scrollHeight;
}

function isBusy(card) {
  const field = card.querySelector("input[name=body]");
  return card.contains(document.activeElement) || (field !== null && field.value !== "");
}

// A second number that texts this phone adds a choice to the form; not while somebody types in it.
function updateForm(card, next) {
  const same = card.querySelector(".senders").textContent === next.querySelector(".senders").textContent;
  if (same || isBusy(card)) return;
  for (const part of [".phone-head", ".reply"]) card.querySelector(part).replaceWith(next.querySelector(part));
}

function updateTexts(card, next) {
  const texts = card.querySelector(".texts");
  const fresh = next.querySelector(".texts");
  if (texts.innerHTML === fresh.innerHTML) return;
  const atEnd = texts.scrollHeight - texts.scrollTop - texts.clientHeight < 40;
  const known = texts.querySelectorAll(".text").length;
  const focused = texts.contains(document.activeElement) ? document.activeElement.closest(".text")?.id : null;
  texts.replaceChildren(...fresh.children);
  if (focused) document.getElementById(focused)?.querySelector("a")?.focus();
  if (atEnd) toEnd(texts);
  if (texts.querySelectorAll(".text").length > known) flash(card);
}

function flash(card) {
  card.classList.add("fresh");
  setTimeout(() => card.classList.remove("fresh"), 2000);
}

function place(grid, card, index) {
  if (grid.children[index] !== card) grid.insertBefore(card, grid.children[index] ?? null);
}

function merge(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  localTimes(next);
  const grid = main.querySelector(".grid");
  const cards = new Map([...grid.querySelectorAll(".phone")].map((card) => [card.dataset.number, card]));
  const wanted = [...next.querySelectorAll(".phone")];
  if (wanted.length === 0 || cards.size === 0) {
    main.replaceChildren(...next.body.childNodes);
    main.querySelectorAll(".texts").forEach(toEnd);
    return;
  }
  // A card that moves loses its focus, so the order waits while somebody types.
  const still = [...cards.values()].some(isBusy);
  wanted.forEach((card, index) => {
    const shown = cards.get(card.dataset.number);
    cards.delete(card.dataset.number);
    if (shown) {
      updateTexts(shown, card);
      updateForm(shown, card);
    }
    const element = shown ?? card;
    if (!shown || !still) place(grid, element, index);
    if (!shown) {
      toEnd(element.querySelector(".texts"));
      flash(element);
    }
  });
  for (const card of cards.values()) if (!isBusy(card)) card.remove();
  grid.dataset.version = next.querySelector(".grid").dataset.version;
  main.querySelector(".more")?.remove();
  const more = next.querySelector(".more");
  if (more) main.append(more);
}

async function refresh() {
  const asked = new URLSearchParams({ to: main.dataset.search, v: main.querySelector(".grid").dataset.version });
  const answer = await fetch(`/dev/phone/phones?${asked}`, { cache: "no-store" });
  if (answer.status === 200) merge(await answer.text());
}

async function poll() {
  try {
    if (!document.hidden) await refresh();
    live.hidden = true;
  } catch {
    live.textContent = "Reconnecting…";
    live.hidden = false;
  }
  setTimeout(poll, POLL_MS);
}

async function send(form, submitter) {
  const problem = form.querySelector(".problem");
  const field = form.querySelector("input[name=body]");
  const fields = new URLSearchParams(new FormData(form, submitter));
  const body = submitter?.name === "body" ? submitter.value : field.value;
  fields.set("body", body);
  problem.hidden = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    const result = await answer.json();
    if (!answer.ok) throw new Error(result.error);
    if (submitter?.name !== "body") field.value = "";
    if (result.webhook_status === null) throw new Error("Sent; the product has not answered yet.");
    if (result.webhook_status >= 300) throw new Error(`Sent; the product answered ${result.webhook_status}.`);
  } catch (error) {
    problem.textContent = error.message || "The reply was not sent.";
    problem.hidden = false;
    toEnd(form.closest(".phone").querySelector(".texts"));
  }
  await refresh().catch(() => undefined);
}

main.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter);
});

document.getElementById("to").addEventListener("input", (event) => {
  main.dataset.search = event.target.value.trim();
  main.querySelector(".grid").dataset.version = "";
  const address = new URL(location.href);
  address.searchParams.set("to", main.dataset.search);
  history.replaceState(null, "", address);
});

localTimes(document);
document.querySelectorAll(".texts").forEach(toEnd);
setTimeout(poll, POLL_MS);
