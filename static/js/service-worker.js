// Shows the offline page when a page can't be reached, and shows pushes. Pages are never answered from memory, because what they show
// must be true. Served at the root, so that it covers every address.
const STORE = "offline-1";
const PAGE = "/offline";

async function keepOfflinePage() {
  const store = await caches.open(STORE);
  const answer = await fetch(PAGE, { cache: "reload" });
  if (!answer.ok) throw new Error(`offline page: ${answer.status}`);
  const html = await answer.clone().text();
  await store.put(PAGE, answer);
  const files = [...html.matchAll(/href="(\/static\/[^"]+)"/g)].map((match) => match[1]);
  await store.addAll(files);
}

async function dropOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== STORE).map((name) => caches.delete(name)));
}

async function pageOrOffline(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

// A file of the offline page, for as long as there is no network.
async function fileOrKept(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(keepOfflinePage()));
self.addEventListener("activate", (event) => event.waitUntil(dropOlder()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(pageOrOffline(request));
  else if (!self.navigator.onLine && new URL(request.url).pathname.startsWith("/static/")) event.respondWith(fileOrKept(request));
});

// ---- pushes ----------------------------------------------------------------------------------------------------------
const DEVICES = "/notification-settings/devices";

function contentOf(data) {
  try {
    const told = data.json();
    return told && typeof told === "object" ? told : {};
  } catch {
    return {};
  }
}

// Only an address of ours is ever opened, whatever a push says.
function addressOf(path) {
  const home = new URL("/notifications", self.location.origin);
  try {
    const wanted = new URL(path, self.location.origin);
    return wanted.origin === self.location.origin ? wanted : home;
  } catch {
    return home;
  }
}

// Browsers take the right to push from a site that shows nothing, so a push that can't be read shows something, too.
function showPush(event) {
  const { title, body, url, tag } = event.data ? contentOf(event.data) : {};
  return self.registration.showNotification(title || "NexApp", {
    body: body ?? "",
    tag: tag || undefined,
    icon: "/static/img/icon-192.png",
    data: { url: url ?? "/notifications" },
  });
}

// A tab that shows the place already comes forward; another one of ours goes there; else one opens.
async function openPush(notification) {
  notification.close();
  const address = addressOf(notification.data?.url ?? "/notifications");
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = tabs.find((tab) => new URL(tab.url).pathname === address.pathname);
  if (there) return there.focus();
  const idle = tabs.find((tab) => tab.visibilityState === "visible") ?? tabs[0];
  try {
    if (idle) return await (await idle.focus()).navigate(address.href);
  } catch {
    // A tab that this worker doesn't steer yet can't be led anywhere.
  }
  return self.clients.openWindow(address.href);
}

async function csrfToken() {
  const page = await (await fetch(DEVICES, { credentials: "same-origin" })).text();
  return page.match(/name="csrf-token" content="([^"]+)"/)?.[1];
}

// The browser got another address: told to the server by whoever is signed in; else the next visit tells it.
async function renewPush(event) {
  const before = event.oldSubscription;
  const subscription =
    event.newSubscription ?? (before && (await self.registration.pushManager.subscribe(before.options)));
  const token = subscription && (await csrfToken());
  if (!token) return;
  const { endpoint, keys } = subscription.toJSON();
  await fetch(`${DEVICES}/changed`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": token, "HX-Request": "true" },
    body: new URLSearchParams({ old: before?.endpoint ?? "", endpoint, p256dh: keys.p256dh, auth: keys.auth }),
  });
}

self.addEventListener("push", (event) => event.waitUntil(showPush(event)));
self.addEventListener("notificationclick", (event) => event.waitUntil(openPush(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewPush(event)));
