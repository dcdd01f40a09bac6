"use strict";
/* Small helps for every page: renewed tokens, messages that are seen and heard, menus that close, forms sent once.
   Everything works without it. Words come from the page (data attributes of #live). */
(() => {
  const live = () => document.getElementById("live");

  /* Say a sentence: heard by screen readers and, when asked, seen where the person looks; `mark` finds the note again. */
  const say = (text, show, mark) => {
    const region = live();
    if (region) {
      region.textContent = "";
      setTimeout(() => { region.textContent = text; }, 50);
    }
    if (!show) return;
    const note = document.createElement("div");
    note.className = "note off";
    note.textContent = text;
    if (mark) note.dataset[mark] = "";
    place().replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  };

  /* Where a message is seen: in the open dialog, else on top of the page. */
  const place = () => {
    const dialog = document.querySelector("dialog[open]");
    if (!dialog) return document.getElementById("messages") || document.body;
    let region = dialog.querySelector(".messages");
    if (!region) {
      region = document.createElement("div");
      region.className = "messages";
      (dialog.querySelector(".dlg-head") || dialog.firstElementChild || dialog).after(region);
    }
    return region;
  };

  const offline = () => say(live()?.dataset.offline || "", true, "offline");

  /* What was said about a lost connection goes once there is an answer again. */
  const online = () => {
    const notes = document.querySelectorAll(".note[data-offline]");
    if (!notes.length) return;
    notes.forEach((note) => note.remove());
    say("", false);
  };
  window.addEventListener("online", online);

  const renew = (token) => {
    document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = token; });
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  };

  document.addEventListener("htmx:after:request", (event) => {
    const headers = event.detail?.ctx?.response?.headers;
    if (headers) online();
    const token = headers?.get && headers.get("X-CSRF-Renewed");
    if (token) renew(token);
  });

  /* 5xx answers are not swapped in: their sentence is shown instead. */
  document.addEventListener("htmx:response:error", (event) => {
    const ctx = event.detail?.ctx;
    if (!ctx || ctx.response.status < 500) return;
    const answer = new DOMParser().parseFromString(ctx.text || "", "text/html");
    const text = answer.querySelector(".note")?.textContent.trim();
    say(text || live()?.dataset.failed || "", true);
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail?.error?.name === "AbortError") return;
    offline();
  });

  /* A refusal that was put on top of the page moves into the dialog in front of it, and is read out. */
  document.addEventListener("htmx:after:swap", () => {
    const note = document.querySelector("#messages > .note[role=alert]:not([data-said])");
    if (!note) return;
    note.dataset.said = "";
    if (document.querySelector("dialog[open]")) place().replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  });

  /* Menus close on Escape and on a click beside them. */
  const close = (but) => document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== but) menu.open = false;
  });
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* A plain form is sent once, however often the button is pressed. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });

  window.govapp = { say, renew, offline, online };
})();
