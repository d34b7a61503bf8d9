// Small things that a browser knows better than the server: zones, languages, what was copied. Nothing here is needed to look a customer up.
(() => {
  "use strict";
  const hour = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const number = new Intl.NumberFormat();
  const countries = new Intl.DisplayNames(undefined, { type: "region" });

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.textContent;
      time.textContent = (time.classList.contains("day") ? day : time.classList.contains("exact") ? second : hour).format(at);
    }
    for (const data of root.querySelectorAll("data.country")) data.textContent = countries.of(data.value);
    for (const data of root.querySelectorAll("data.number")) data.textContent = number.format(Number(data.value));
    // What only a script does is promised only where there is one.
    for (const one of root.querySelectorAll("[data-with-script]")) one.textContent = one.dataset.withScript;
    for (const one of root.querySelectorAll("[data-print]")) one.hidden = false;
  }

  function tell(text) {
    const told = document.getElementById("told");
    if (told) told.textContent = text;
  }

  function hideLater(root) {
    for (const shown of root.querySelectorAll("[data-hide-after]")) {
      const hide = () => {
        shown.textContent = shown.dataset.masked || "•".repeat(8);
        shown.classList.remove("shown");
        const again = shown.parentElement.querySelector("[data-show-again]");
        if (again) again.hidden = false;
        for (const one of shown.parentElement.querySelectorAll(".printed, [data-copy]")) {
          if (one === document.activeElement) again?.focus();
          one.remove();
        }
      };
      setTimeout(hide, Number(shown.dataset.hideAfter) * 1000);
      shown.removeAttribute("data-hide-after");
    }
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      tell(button.dataset.copied);
      button.classList.add("did");
      setTimeout(() => button.classList.remove("did"), 2000);
    } catch {
      tell(button.dataset.notCopied); // without TLS, or not allowed: it is marked, ready for the keys
      getSelection().selectAllChildren(code);
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    // A link of the terminal's may bring a token along, behind the # that no server is told of.
    const token = /^#token=([\w-]+)$/.exec(location.hash);
    const field = document.getElementById("token");
    if (token) history.replaceState(null, "", location.pathname);
    if (token && field) {
      field.value = token[1];
      // Only where the terminal's link leads: elsewhere somebody's link would sign its reader in as somebody else.
      if (/^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname)) document.getElementById("sign-in").requestSubmit();
    }
  });
  // Right after a swap, before anything is painted: nobody sees how a time looked on its way.
  document.addEventListener("htmx:afterSwap", (event) => { localise(event.target); hideLater(event.target); });


  // A session that ended: the page stays as it is, with all that was typed, and the door opens in it.
  const place = () => document.getElementById("ended");
  function useSession() {
    const told = document.querySelector("#ended [data-csrf]");
    if (!told) return;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF": told.dataset.csrf }));
    for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = told.dataset.csrf;
    told.removeAttribute("data-csrf");
  }
  document.addEventListener("session-ended", async (event) => {
    if (!place()) { location.reload(); return; }
    if (!place().querySelector("form")) await htmx.ajax("GET", "/sign-in/here", { target: "#ended", swap: "innerHTML" });
    if (!event.detail.asked) return;
    place().scrollIntoView({ block: "center" });
    place().querySelector("a, input")?.focus();
  });
  // Nobody can keep a file: whether the session still holds is asked before one is sent.
  const sure = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.enctype !== "multipart/form-data" || sure.delete(form)) return;
    event.preventDefault();
    let holds = true;
    try {
      const answer = await fetch("/sign-in/here", { headers: { "HX-Request": "true" } });
      holds = !answer.ok || (await answer.text()).includes("data-csrf");
    } catch { /* then sending it tells */ }
    if (!holds) { document.dispatchEvent(new CustomEvent("session-ended", { detail: { asked: true } })); return; }
    sure.add(form);
    form.requestSubmit(event.submitter);
  });
  // Clicked twice is meant once: a browser would send it again, and show what came of the second.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    form.toggleAttribute("data-sent", true);
    setTimeout(() => form.removeAttribute("data-sent"), 3000); // what is downloaded leaves the page as it is
  });
  document.addEventListener("htmx:afterSettle", useSession);

  const polls = (elt) => (elt.getAttribute("hx-trigger") || "").includes("every");
  // A server that hangs answers nothing, not even that it is down: what is looked at every few seconds is old by then.
  const LONGEST_POLL = 10_000;
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (polls(detail.elt) && detail.verb === "get") detail.timeout = LONGEST_POLL;
  });
  function age(elt, isOld) {
    if (isOld && !elt.hasAttribute("data-is-stale")) tell(elt.dataset.stale);
    elt.toggleAttribute("data-is-stale", isOld);
  }
  const answered = new Map();
  // What is polled is put in its place only when it has changed: nothing flickers, and nothing that is marked or scrolled jumps.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, target, xhr } = event.detail;
    if (!polls(elt)) return;
    // What only swaps out of band has no place of its own.
    const places = elt.getAttribute("hx-swap") === "none" && elt.getAttribute("hx-select-oob").split(",#");
    const isThere = xhr.responseText.includes(`id="${places ? places.at(-1) : target.id}"`);
    age(elt, !isThere);
    if (places) return;
    if (!isThere || answered.get(target.id) === xhr.responseText) { event.detail.shouldSwap = false; return; }
    answered.set(target.id, xhr.responseText);
    for (const one of target.querySelectorAll(".scrolls[id]")) scrolled.set(one.id, [one.scrollLeft, one.scrollTop]);
  });
  // Whoever has scrolled a table to the column that matters stays there.
  const scrolled = new Map();
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, place] of scrolled) document.getElementById(id)?.scrollTo(...place);
    scrolled.clear();
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const content = [...fragment.childNodes].map((node) => node.outerHTML || node.textContent).join("");
    if (answered.get(target.id) === content) event.detail.shouldSwap = false;
    answered.set(target.id, content);
  });
  // What nobody answered says so beside what was pressed; what is polled only says that it is old.
  function noAnswer(event) {
    const { elt } = event.detail;
    if (polls(elt)) { age(elt, true); return; }
    const said = document.createElement("p");
    said.className = "fault unanswered";
    said.setAttribute("role", "alert");
    said.textContent = document.body.dataset.noAnswer;
    if (elt.id === "question") document.getElementById("answer").replaceChildren(said);
    else if (elt.matches("form")) elt.append(said);
    else elt.after(said);
  }
  document.addEventListener("htmx:sendError", noAnswer);
  document.addEventListener("htmx:responseError", noAnswer);
  document.addEventListener("htmx:timeout", noAnswer);
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    if (polls(elt)) return;
    for (const said of document.querySelectorAll(".unanswered")) said.remove();
    // Somebody is asked about: what was said of the one before must not be read as said of this one.
    const answer = elt.id === "question" && document.getElementById("answer");
    if (!answer) return;
    const asking = document.createElement("p");
    asking.className = "asking";
    asking.textContent = answer.dataset.asking;
    answer.replaceChildren(asking);
  });
  // Also where the answer is that the session has ended.
  document.addEventListener("htmx:afterRequest", () => document.querySelector("#answer > .asking")?.remove());
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
