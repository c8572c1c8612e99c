// Small improvements for browsers that run scripts. One rule: every page works without this file.
import { initAll } from "./vendor/govuk-frontend/govuk-frontend.min.js";

initAll();

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    // After a minute without an answer the person may try again; a page kept by the browser starts afresh.
    window.setTimeout(() => { delete form.dataset.sent; }, 60_000);
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Warn before leaving a form that was changed and not sent.
const guarded = document.querySelector("form[data-warn-unsaved]");
if (guarded) {
  let changed = false;
  guarded.addEventListener("input", () => { changed = true; });
  guarded.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
