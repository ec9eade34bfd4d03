// The page when the server is away: this worker has one whole set of its files, and serves that and no other. A
// newer one waits until somebody reloads the page for it, so that versions never mix.

const HASH = "__HASH__"; // of the set; the server writes it here
const FILES = ["__FILES__"]; // all of the set, "/" among them
const NAME = `roomchat-${HASH}`;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Fetch the whole set; one that is not whole is not installed. */
async function install() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((path) =>
    new Request(path, path.startsWith(`/${HASH}/`) ? {} : { cache: "no-cache" })));
  const page = await cache.match("/");
  if (!(await page?.text())?.includes(HASH)) throw new Error("The server has a newer page already.");
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith("roomchat-") && name !== NAME) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** @param {string} path */
const file = async (path) => (await caches.match(path, { cacheName: NAME })) ?? fetch(path);

/** Whoever runs the server may have no such page there any more: then nothing of it stays here. */
async function look() {
  const { status } = await fetch("/sw.js", { method: "HEAD", cache: "no-store" });
  if (status !== 404 && status !== 410) return;
  // Without the files it passes everything on, until its last page is closed.
  await caches.delete(NAME);
  await worker.registration.unregister();
}

/** @param {Notification} notification was clicked: show the room that it is of */
async function show({ data }) {
  const [page] = await worker.clients.matchAll({ type: "window" });
  if (page === undefined) {
    await worker.clients.openWindow("/");
    return;
  }
  await page.focus();
  page.postMessage({ go: data?.room });
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", ({ data }) => data === "take over" && worker.skipWaiting());
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification));
});
worker.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  // All else is the server's: /healthz, /metrics, what it says of a page that there is not.
  if (method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) return;
  event.respondWith(file(pathname));
  if (mode === "navigate") event.waitUntil(look().catch(() => {})); // the server may be away
});
