// The worker that has the page when the server is away, and what is to be done when there is a newer page.

/** @type {ServiceWorkerRegistration | undefined} */
let registration;

/**
 * Have the page kept in this browser, where it lets us: over https, or from this machine.
 * @param {import("./engine.js").Engine} engine tells `update` when there is a newer page
 */
export async function keepPage(engine) {
  watch(engine);
  const workers = navigator.serviceWorker; // undefined where the page came over clear text from another machine
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("roomchat", { createScriptURL: (/** @type {string} */ url) => url });
  const script = policy?.createScriptURL("/sw.js") ?? "/sw.js";
  // With a certificate that no authority vouches for, browsers do not let us.
  registration = await workers?.register(script, { updateViaCache: "none" }).catch(() => undefined);
  if (registration) follow(engine, workers, registration);
}

/**
 * @param {import("./engine.js").Engine} engine
 * @param {ServiceWorkerContainer} workers
 * @param {ServiceWorkerRegistration} kept
 */
function follow(engine, workers, kept) {
  let isNewer = workers.controller !== null; // than this page: the next worker that takes over
  const look = () => {
    if (!kept.waiting || !kept.active) return;
    isNewer = true;
    engine.emit("update");
  };
  kept.addEventListener("updatefound", () => {
    kept.installing?.addEventListener("statechange", look);
    look(); // it may have been quicker than this tab
  });
  look();
  workers.addEventListener("controllerchange", () => {
    // Another set of files: this tab's own are gone. The first worker of all has the same ones.
    if (isNewer) location.reload();
    isNewer = true;
  });
}

/** A server that comes back may have been upgraded. @param {import("./engine.js").Engine} engine */
function watch(engine) {
  let isFirst = true;
  engine.on("status", async ({ phase }) => {
    if (phase !== "online") return;
    if (registration) await registration.update().catch(() => {});
    else if (!isFirst && (await isOther())) engine.emit("update");
    isFirst = false;
  });
}

/** Whether the server has another page by now than the one that this script came with. */
async function isOther() {
  const hash = import.meta.url.split("/")[3];
  const page = await fetch("/", { cache: "no-cache" }).then((answer) => answer.text(), () => hash);
  return !page.includes(hash);
}

/** Reload all tabs of this browser, with the newer page if there is one. */
export function reload() {
  if (registration?.waiting) registration.waiting.postMessage("take over");
  else location.reload();
}
