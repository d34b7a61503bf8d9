// Small things that a browser knows better than the server: zones, languages, what was copied. Nothing here is needed to look a customer up.
(() => {
  "use strict";
  const hour = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const number = new Intl.NumberFormat();
  const countries = new Intl.DisplayNames(undefined, { type: "region" });

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.textContent;
      time.textContent = (time.classList.contains("day") ? day : hour).format(at);
    }
    for (const data of root.querySelectorAll("data.country")) data.textContent = countries.of(data.value);
    for (const data of root.querySelectorAll("data.number")) data.textContent = number.format(Number(data.value));
  }

  function tell(text) {
    const told = document.getElementById("told");
    if (told) told.textContent = text;
  }

  function hideLater(root) {
    for (const shown of root.querySelectorAll("[data-hide-after]")) {
      const seconds = Number(shown.dataset.hideAfter);
      const masked = "•".repeat(8);
      setTimeout(() => { if (shown.isConnected) { shown.textContent = masked; shown.classList.remove("shown"); } }, seconds * 1000);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    await navigator.clipboard.writeText(code.textContent);
    tell(button.dataset.copied || "OK");
  });

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    // A link of the terminal's may bring a token along, behind the # that no server is told of.
    const token = /^#token=([\w-]+)$/.exec(location.hash);
    const field = document.getElementById("token");
    if (token && field) {
      history.replaceState(null, "", location.pathname);
      field.value = token[1];
      document.getElementById("sign-in").requestSubmit();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => { localise(event.target); hideLater(event.target); });
  const polls = (elt) => (elt.getAttribute("hx-trigger") || "").includes("every");
  const answered = new Map();
  // What is polled is put in its place only when it has changed: nothing flickers, and nothing that is marked or scrolled jumps.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr } = event.detail;
    // What only swaps out of band has no place of its own.
    if (!polls(elt) || elt.getAttribute("hx-swap") === "none") return;
    const isThere = xhr.responseText.includes(`id="${elt.id}"`);
    elt.toggleAttribute("data-is-stale", !isThere);
    if (!isThere || answered.get(elt.id) === xhr.responseText) { event.detail.shouldSwap = false; return; }
    answered.set(elt.id, xhr.responseText);
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (polls(event.detail.elt)) event.detail.elt.toggleAttribute("data-is-stale", true);
  });
  let toldLast = "";
  document.addEventListener("htmx:afterSwap", (event) => {
    const told = document.querySelector("[data-told]");
    if (told && told.textContent !== toldLast) tell(toldLast = told.textContent);
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => localise(event.target));
  // The page that nobody looks at does not poll.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (polls(event.detail.elt) && document.hidden) event.preventDefault();
  });
})();
