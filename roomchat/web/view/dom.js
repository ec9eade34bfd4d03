// How elements are made. Text goes in as text nodes only: nothing here reads HTML, so nothing from others can be
// HTML.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {{[name: string]: any}} Props */

/**
 * An element.
 *
 * A property that is a function is a listener (`onclick`); true is an empty attribute; null, undefined and false
 * are none; everything else is an attribute.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...Child} children null, undefined, false and "" are left out
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else attribute(element, name, value);
  }
  element.append(...present(children));
  return element;
}

/**
 * Put children in the place of those that an element has.
 *
 * @template {Element | DocumentFragment} E
 * @param {E} element
 * @param {...Child} children
 * @returns {E}
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/**
 * Set an attribute, or take it away where the value is null, undefined or false.
 *
 * @param {Element} element
 * @param {string} name
 * @param {any} value
 */
export function attribute(element, name, value) {
  const text = value === true ? "" : String(value);
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * The element of the page with that id, which index.html has.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Show a list by keys: elements that were there stay the same ones (so the focus stays, and little is painted).
 * From one that goes the focus moves to the one in its place.
 *
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} make
 * @param {(element: HTMLElement, item: T) => void} update
 */
export function keyed(parent, items, keyOf, make, update) {
  const before = /** @type {HTMLElement[]} */ ([...parent.children]);
  const old = new Map(before.map((child) => [child.dataset.key, child]));
  const focus = /** @type {HTMLElement} */ (document.activeElement);
  const focused = before.findIndex((child) => child.contains(focus));
  arrange(parent, items.map((item) => {
    const key = keyOf(item), element = old.get(key) ?? make(item);
    element.dataset.key = key;
    update(element, item);
    return element;
  }));
  if (focused < 0 || focus === document.activeElement) return;
  const beside = (parent.children[focused] ?? parent.lastElementChild)?.querySelector("button");
  (focus.isConnected ? focus : beside)?.focus(); // what was moved has lost it
}

/**
 * Make these the children of an element, in that order. What is there already is moved only if it must be: it
 * would lose the focus, and where it is scrolled to.
 * @param {Element} parent
 * @param {Element[]} children
 */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const child of children) {
    if (child === place) place = child.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

/**
 * What shows something that changes often: however often it is asked for, it is done once before the next
 * painting.
 *
 * @param {() => void} show
 * @returns {() => void}
 */
export function eachFrame(show) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      show();
    });
  };
}

/**
 * @param {Child[]} children
 * @returns {any[]} numbers and texts are made nodes by whoever takes them
 */
const present = (children) => children.filter((child) => child || child === 0);
