"use strict";
/* The gate board: dragging, dialogs, others' moves. It decides nothing: a drop puts the stage into the card's own
   form and sends it; the answer brings the card as the server has it, and place() puts it where it belongs. */
(() => {
  const board = document.getElementById("board");
  const dialogs = document.getElementById("dialogs");
  const arrivals = document.getElementById("arrivals");
  if (!dialogs || !arrivals || !window.htmx) return;

  const EVERY = 4000;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const sending = new Set();
  const hints = new Map();
  let since = Number(board?.dataset.since || 0);
  let held = null;
  let silent = 0;

  const say = (text, show) => window.govapp?.say(text, show);
  const cardOf = (key) => document.querySelector(`:is(#board, #intake) .mc[data-card="${CSS.escape(key)}"]`);
  const keyOf = (address) => decodeURIComponent(address.match(/\/measures\/([^/?#]+)\//)?.[1] || "");

  /* ---- putting cards where they belong ---- */

  const controlOf = (card, like) => {
    const controls = [...card.querySelectorAll("button, form a, h3 a")];
    if (!like) return card.querySelector("form button") || card.querySelector("form a") || controls[0];
    return controls.find((one) => one.localName === like.localName && !!one.form === !!like.form) || controlOf(card);
  };

  const glide = (card, from) => {
    if (calm.matches || !from) return;
    const to = card.getBoundingClientRect();
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (!to.width || !(x || y)) return;
    card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 120, easing: "ease-out" });
  };

  const place = (fresh, ours) => {
    const old = cardOf(fresh.dataset.card);
    const cards = document.getElementById(`cards-${fresh.dataset.stage}`);
    if ("gone" in fresh.dataset || !cards) { old?.remove(); return; }
    if (!old && "updateOnly" in fresh.dataset) return;
    const same = old && old.parentElement === cards && old.dataset.at === fresh.dataset.at && old.dataset.version === fresh.dataset.version;
    if (same && !ours) return;
    const more = cards.querySelector(":scope > .more");
    const below = [...cards.querySelectorAll(":scope > .mc")].find((one) => one !== old && Number(one.dataset.seq) < Number(fresh.dataset.seq));
    if (!below && more && !old) return;
    const active = old?.contains(document.activeElement) ? document.activeElement : null;
    const from = old?.getBoundingClientRect();
    cards.insertBefore(fresh, below || more);
    old?.remove();
    glide(fresh, from);
    if (active) controlOf(fresh, active).focus({ preventScroll: true });
  };

  const settle = (ours) => {
    const answer = arrivals.querySelector("[data-answer]");
    arrivals.querySelectorAll(".mc, [data-gone]").forEach((card) => place(card, ours));
    if (answer) say(answer.dataset.say || "", false);
    arrivals.replaceChildren();
    const intake = document.getElementById("intake");
    if (intake) intake.hidden = !intake.querySelector(".mc");
    const sum = (places, id) => {
      const total = document.getElementById(id);
      if (total && board) total.textContent = String([...document.querySelectorAll(`#board .stage-head ${places}`)].reduce((all, one) => all + (parseInt(one.textContent, 10) || 0), 0));
    };
    sum(".count", "board-count");
    sum("p > span + span", "board-waiting");
    return Boolean(answer);
  };

  /* ---- dialogs ---- */

  const open = () => {
    const dialog = dialogs.querySelector("dialog");
    if (!dialog || dialog.matches(":modal")) return;
    dialog.removeAttribute("open");
    document.querySelectorAll("body > [inert]").forEach((one) => one.removeAttribute("inert"));
    dialog.showModal();
    const first = dialog.querySelector("[autofocus]");
    (first || dialog.querySelector("a.btn, .acts button, .close"))?.focus();
    dialog.addEventListener("close", () => {
      const card = cardOf(dialog.dataset.refusal || dialog.dataset.moves || "");
      dialog.remove();
      if (card) controlOf(card).focus({ preventScroll: true });
    }, { once: true });
  };

  const shut = () => dialogs.querySelector("dialog:modal")?.close();

  /* ---- sending ---- */

  const back = (from) => {
    if (!from || !from.card.isConnected) return;
    const rect = from.card.getBoundingClientRect();
    const next = from.next?.parentElement === from.cards ? from.next : from.cards.querySelector(":scope > .more");
    from.cards.insertBefore(from.card, next);
    glide(from.card, rect);
  };

  const send = async (form, { values, event, address, from } = {}) => {
    const action = address || form.getAttribute("action");
    if (sending.has(action)) { back(from); return; }
    sending.add(action);
    const card = cardOf(keyOf(action));
    card?.classList.add("is-sending");
    const waiting = document.querySelector("#dialogs dialog");
    try {
      await htmx.ajax("POST", action, { source: form, target: arrivals, swap: "none", values, event });
    } finally {
      sending.delete(action);
      card?.classList.remove("is-sending");
    }
    hints.delete(keyOf(action));
    if (!settle(true)) { back(from); return; }
    const dialog = dialogs.querySelector("dialog");
    if (dialog) open();
    else if (waiting) {
      const fresh = cardOf(keyOf(action));
      if (fresh) controlOf(fresh).focus({ preventScroll: true });
    }
    clearTimeout(send.note);
    send.note = setTimeout(() => document.querySelector("#messages > .note.ok")?.remove(), 8000);
  };

  const ask = async (form) => {
    const button = form.querySelector("button");
    if (button.disabled) return;
    button.disabled = true;
    try {
      const headers = { "HX-Request": "true", "HX-Request-Type": "partial" };
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
      const text = new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim();
      button.replaceWith(Object.assign(document.createElement("span"), { className: "soft small", textContent: text }));
      say(text, false);
    } catch {
      button.disabled = false;
      say(dialogs.dataset.notAsked, true);
    }
  };

  /* Before app.js sees the event: forms of cards and dialogs are sent here. Without this script they work as they are. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".mc form, #dialogs form[data-move]")) {
      event.preventDefault();
      const other = event.submitter?.getAttribute("formaction");
      send(form, { event, address: other });
    } else if (form.matches("#dialogs form[data-ask]")) {
      event.preventDefault();
      ask(form);
    }
  }, true);

  document.addEventListener("click", async (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("#dialogs [data-close]")) {
      event.preventDefault();
      shut();
      return;
    }
    const link = event.target.closest(".mc form a");
    if (!link) return;
    event.preventDefault();
    await htmx.ajax("GET", link.getAttribute("href"), { source: link, target: dialogs, swap: "innerHTML" });
    if (dialogs.querySelector("dialog")) open();
  });

  /* ---- dragging ---- */

  const fetchHints = (card) => {
    const key = card.dataset.card;
    const mark = `${key}@${card.dataset.at}`;
    if (hints.get(key)?.mark !== mark) {
      const headers = { "HX-Request": "true", "HX-Request-Type": "partial", Accept: "text/html" };
      const found = fetch(`/measures/${encodeURIComponent(key)}/moves`, { headers })
        .then((answer) => (answer.ok ? answer.text() : ""))
        .then((text) => [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("[data-way]")].map((way) => way.dataset))
        .catch(() => { hints.delete(key); return []; });
      hints.set(key, { mark, found });
    }
    return hints.get(key).found;
  };

  const unmark = () => board.querySelectorAll(".stage").forEach((stage) => {
    stage.classList.remove("is-open", "is-back", "is-locked");
    stage.querySelector(".lockmsg").textContent = "";
  });

  const markColumns = async (card) => {
    const ways = await fetchHints(card);
    if (held?.card !== card) return;
    unmark();
    for (const way of ways) {
      const stage = board.querySelector(`.stage[data-column="${CSS.escape(way.way)}"]`);
      if (!stage) continue;
      stage.classList.add(`is-${way.mark}`);
      stage.querySelector(".lockmsg").textContent = way.sentence;
    }
  };

  const lift = (event) => {
    const card = event.item;
    held = { card, cards: event.from, next: card.nextElementSibling };
    board.classList.add("is-dragging");
    card.classList.add("is-lifted");
    if (Sortable.ghost) {  /* the picture under the pointer is no second card: not for scripts, not for readers */
      delete Sortable.ghost.dataset.card;
      Sortable.ghost.inert = true;
    }
    markColumns(card);
  };

  /* A column's head is no list to Sortable, but there the reason stands, so there people drop. */
  const under = (event) => {
    const point = event.originalEvent?.changedTouches?.[0] || event.originalEvent;
    return point && document.elementFromPoint(point.clientX, point.clientY)?.closest("#board [data-column]");
  };

  const drop = (event) => {
    const from = held;
    held = null;
    board.classList.remove("is-dragging");
    event.item.classList.remove("is-lifted");
    unmark();
    const stage = (under(event) || event.to.closest("[data-column]"))?.dataset.column;
    if (!from || !stage || stage === event.item.dataset.stage) { back(from); return; }
    send(event.item.querySelector("form"), { values: { to: stage }, from });
  };

  if (board && window.Sortable) {
    board.querySelectorAll(".cards").forEach((cards) => new Sortable(cards, {
      group: "stages", handle: ".grip", draggable: ".mc", sort: false, animation: 0, forceFallback: true, fallbackOnBody: true,
      fallbackTolerance: 4, fallbackClass: "is-flying", ghostClass: "is-ghost", chosenClass: "is-chosen", dragClass: "is-drag",
      scrollSensitivity: 80, emptyInsertThreshold: 24, onStart: lift, onEnd: drop,
    }));
    board.addEventListener("pointerdown", (event) => {
      const card = event.target.closest(".grip")?.closest(".mc");
      if (card) fetchHints(card);
    });
  }

  /* ---- others' moves ---- */

  const occupied = () => {
    const at = document.activeElement;
    const typing = at?.matches("input, textarea, select");
    return document.hidden || held || sending.size || typing || document.querySelector("dialog[open], :popover-open");
  };

  const poll = async () => {
    if (occupied()) return;
    const query = new URLSearchParams(location.search);
    [...query.keys()].filter((name) => name.startsWith("more-")).forEach((name) => query.delete(name));
    if (board.dataset.branch) query.set("branch", board.dataset.branch);
    query.set("since", since);
    let answer;
    try {
      answer = await fetch(`/board/changes?${query}`, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
    } catch {
      silent += 1;
      if (silent === 2) window.govapp?.offline();
      return;
    }
    if (answer.status === 401 && !silent) {
      silent = 1;
      const note = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".note");
      if (note) document.getElementById("messages").replaceChildren(document.adoptNode(note));
    }
    if (answer.ok) window.govapp?.online();
    if (answer.ok && silent) { silent = 0; document.querySelector("#messages > .note.off")?.remove(); }
    if (answer.status !== 200) return;
    const text = await answer.text();
    if (occupied()) return;
    const found = new DOMParser().parseFromString(text, "text/html");
    const news = found.querySelector("[data-since]");
    if (!news) return;
    if ("reload" in news.dataset) { location.reload(); return; }
    since = Math.max(since, Number(news.dataset.since));
    found.querySelectorAll("[data-head]").forEach((head) => {
      head.removeAttribute("hx-swap-oob");
      const old = document.getElementById(head.id);
      if (old && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(head));
    });
    arrivals.replaceChildren(document.adoptNode(news));
    settle(false);
  };

  if (board) setInterval(poll, EVERY);
  open();
})();
