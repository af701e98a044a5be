// Lets this browser in for pushes, and tells on later visits that it is still there. On the page of devices it shows what holds here and
// offers to change it; on other pages it only renews what the same person turned on before.
(() => {
  "use strict";

  const PLACE = "/notification-settings/devices";
  const MARK = "nexapp-push";
  const box = document.querySelector("[data-push-page]");
  const person = (document.body.dataset.topics ?? "").split(" ").find((topic) => topic.startsWith("user:")) ?? "";
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  // Where a browser forbids storage, pushes still work; only the renewal is left out.
  function remembered(store) {
    try { return store.getItem(MARK); } catch { return null; }
  }
  function remember(store, value) {
    try { value === null ? store.removeItem(MARK) : store.setItem(MARK, value); } catch { /* see above */ }
  }

  const bytes = (base64) => {
    const plain = atob(base64.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(base64.length / 4) * 4, "="));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  async function post(path, fields) {
    const answer = await fetch(`${PLACE}${path}`, {
      method: "POST",
      headers: { "X-CSRFToken": token(), "HX-Request": "true" },
      body: new URLSearchParams(fields),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }

  function told(subscription) {
    const { endpoint, keys } = subscription.toJSON();
    return { endpoint, p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" };
  }

  async function worker() {
    await navigator.serviceWorker.register(document.documentElement.dataset.worker || "/service-worker.js");
    return navigator.serviceWorker.ready;
  }

  function show(state) {
    for (const line of box.querySelectorAll("[data-push-say]")) line.hidden = line.dataset.pushSay !== state;
    box.querySelector("[data-push-on]").hidden = !["off", "failed"].includes(state);
    box.querySelector("[data-push-off]").hidden = state !== "on";
  }

  async function current() {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration ? registration.pushManager.getSubscription() : null;
  }

  async function turnOn() {
    if ((await Notification.requestPermission()) !== "granted") return show(Notification.permission === "denied" ? "denied" : "off");
    const registration = await worker();
    // A subscription to an older key of ours is of no use any more, and stands in the way of a new one.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.pushKey) });
    await post("", told(subscription));
    remember(localStorage, person);
    return show("on");
  }

  async function turnOff() {
    const subscription = await current();
    remember(localStorage, null);
    if (subscription) {
      await post("/removed", { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    }
    show("off");
  }

  async function offer() {
    if (!box.dataset.pushKey) return;
    if (!can) return show("lacking");
    if (Notification.permission === "denied") return show("denied");
    show((await current()) && remembered(localStorage) === person ? "on" : "off");
  }

  // Once in a session of the browser: the server forgets devices that were signed out, and this one is signed in again.
  async function renew() {
    if (!can || !person || Notification.permission !== "granted") return;
    if (remembered(localStorage) !== person || remembered(sessionStorage) === person) return;
    const subscription = await current();
    if (subscription) await post("", { ...told(subscription), renewed: "1" });
    remember(sessionStorage, person);
  }

  function guarded(act) {
    return async (event) => {
      const button = event.currentTarget;
      button.disabled = true;
      try { await act(); } catch { show("failed"); } finally { button.disabled = false; }
    };
  }

  if (box?.dataset.pushKey) {
    box.querySelector("[data-push-on]").addEventListener("click", guarded(turnOn));
    box.querySelector("[data-push-off]").addEventListener("click", guarded(turnOff));
  }
  renew().catch(() => {}).then(() => box && offer());
})();
