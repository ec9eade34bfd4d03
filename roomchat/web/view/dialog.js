// A window above the page: the native <dialog>, which keeps the focus inside, closes at Escape, and gives the
// focus back to where it was, or beside it: whoever was put out stands in no list any more.

import { button, iconButton } from "./buttons.js";
import { el, fill } from "./dom.js";
import { isolated } from "./person.js";

/**
 * Open a dialog. It is gone from the page once it is closed.
 *
 * @param {{title: string, body: import("./dom.js").Child[], kind?: string}} options
 *   kind: a class of the dialog, for its style
 * @returns {HTMLDialogElement} close it with `close()`
 */
export function openDialog({ title, body, kind = "" }) {
  const close = iconButton("close", "Close", () => dialog.close());
  const dialog = el(
    "dialog", { class: `dialog ${kind}`, "aria-label": title },
    el("div", { class: "dialog-head" }, el("h2", null, ...isolated(title)), close),
    el("div", { class: "dialog-body" }, ...body),
  );
  /** @type {HTMLElement[]} where the focus is, and all that it is in */
  const places = [];
  for (let one = document.activeElement; one; one = one.parentElement)
    places.push(/** @type {HTMLElement} */ (one));
  // A press that begins on the backdrop closes; one that was drawn out of a field does not. All of the dialog
  // itself is covered by what is in it.
  dialog.addEventListener("pointerdown", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement !== document.body) return;
    const [first] = places, place = places.find((one) => one.isConnected);
    if (place === first) return first?.focus();
    // A message may have been made anew meanwhile; for one that is gone, all of them stand: their first button may
    // be far above.
    const key = /** @type {HTMLElement | null} */ (first.closest("[data-key]"))?.dataset.key ?? "";
    const beside = place?.querySelector(`article[data-key="${CSS.escape(key)}"]`) ??
      place?.closest("[role=log]") ?? place?.querySelector("button");
    /** @type {HTMLElement | null | undefined} */ (beside)?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  // Not on what takes something away at once.
  const fields = ".dialog-body :is(input, button, a, select):not([tabindex='-1'], .spread *, .danger)";
  /** @type {HTMLElement} */ (dialog.querySelector(fields) ?? close).focus();
  return dialog;
}

/**
 * Ask for something: fields, a button that does it, and another that does not.
 *
 * The dialog closes when `run` has done it. What it throws is shown beside the buttons, and everything stays as
 * typed.
 *
 * @param {{title: string, body: import("./dom.js").Child[], submit: string, danger?: boolean}}
 *   options submit: what the button says
 * @param {(fields: Record<string, any>) => Promise<any> | any} run gets what is in the fields, by their names; a
 *   box that is not checked is not there
 * @returns {HTMLDialogElement}
 */
export function formDialog({ title, body, submit, danger = false }, run) {
  const trouble = el("p", { class: "trouble", role: "alert" });
  const main = el("button", { class: `button ${danger ? "danger" : "main"}` }, submit);
  const form = el("form", { novalidate: true }, ...body, trouble,
    el("div", { class: "dialog-foot" }, button("Cancel", () => dialog.close(), "quiet"), main));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(trouble);
    main.disabled = true;
    try {
      await run(Object.fromEntries(new FormData(form)));
      dialog.close();
    } catch (error) {
      fill(trouble, /** @type {Error} */ (error).message);
    }
    main.disabled = false;
  });
  const dialog = openDialog({ title, body: [form] });
  return dialog;
}
