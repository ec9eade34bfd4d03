// The worker that has the page when the server is away, and what is to be done when a newer one waits.

/** @type {ServiceWorkerRegistration | null} */
let registration = null;

/**
 * Have the page kept in this browser, where it lets us: over https, or from this machine.
 * @param {import("./engine.js").Engine} engine tells `update` when a newer page waits
 */
export async function keepPage(engine) {
  const workers = globalThis.isSecureContext ? navigator.serviceWorker : undefined;
  if (workers === undefined) return;
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("roomchat", { createScriptURL: (/** @type {string} */ url) => url });
  try {
    const script = policy?.createScriptURL("/sw.js") ?? "/sw.js";
    registration = await workers.register(script, { updateViaCache: "none" });
  } catch {
    return; // with a certificate that no authority vouches for, browsers do not let us
  }
  const kept = registration;
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
  // A server that comes back may have been upgraded.
  engine.on("status", ({ phase }) => phase === "online" && kept.update().catch(() => {}));
}

/** Reload all tabs of this browser, with the newer page if there is one. */
export function reload() {
  if (registration?.waiting) registration.waiting.postMessage("take over");
  else location.reload();
}
