// A phone's keyboard takes half of the screen: the page then has the other half, with the composer at its bottom.

/** Keep `--height` at what is to be seen, where the browser does not make the page smaller by itself (iOS). */
export function followViewport() {
  const seen = /** @type {VisualViewport} */ (window.visualViewport);
  const follow = () => {
    document.documentElement.style.setProperty("--height", `${Math.round(seen.height * seen.scale)}px`);
    if (seen.scale === 1 && window.scrollY) window.scrollTo(0, 0);
  };
  seen.addEventListener("resize", follow);
  follow();
}
