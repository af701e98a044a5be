// Shows the offline page when a page can't be reached, and does nothing else: pages are never answered from memory,
// because what they show must be true. Served at the root, so that it covers every address.
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
