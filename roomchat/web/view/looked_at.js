// Whether somebody looks at this tab.

export const isLookedAt = () => document.visibilityState === "visible" && document.hasFocus();

/** @param {() => void} then is called when that may have changed */
export function onLook(then) {
  for (const kind of ["focus", "blur", "visibilitychange"]) window.addEventListener(kind, then);
}
