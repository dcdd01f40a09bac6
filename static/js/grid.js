"use strict";
/* Makes the money grid a spreadsheet: keys, paste of a block, fill right, sums while typing. The server decides what is
   stored; without this file the same inputs and the same button work. Words come from the form's data attributes. */
(() => {
  const form = document.querySelector("form[data-grid]");
  if (!form) return;
  const mark = form.dataset.mark;
  const group = mark === "," ? "." : ",";
  const rows = [...form.querySelectorAll("tr[data-series]")];

  /* A number as the server reads it (domain/number_text.py), in minor units as BigInt; null: empty; undefined: none. */
  const read = (text, decimals) => {
    let body = text.trim();
    if (!body) return null;
    const negative = /^[-−]/.test(body);
    body = body.replace(/^[-−+]\s*/, "");
    let whole, rest = "";
    if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(body)) {
      if (body.includes(mark)) [whole, rest] = body.split(mark);
      else whole = body.replace(/[.,]/, "");
    } else if (/^\d+([.,]\d+)?$/.test(body)) {
      [whole, rest = ""] = body.split(/[.,]/);
    } else {
      const match = /^(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?$/.exec(body) || /^(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(body)
        || /^(\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+)(?:[.,](\d+))?$/.exec(body);
      if (!match || body.startsWith("0")) return undefined;
      whole = match[1].replace(/\D/g, "");
      rest = match[2] || "";
    }
    rest = rest.replace(/0+$/, "");
    if (rest.length > decimals || whole.length > 15) return undefined;
    const minor = BigInt(whole + rest.padEnd(decimals, "0"));
    return negative ? -minor : minor;
  };

  /* An amount as the page shows it (domain/number_text.py): with the decimals of its line, or more where it has more;
     money then has all of its currency, posts (of four) as many as they need. */
  const write = (minor, decimals, places) => {
    const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, "0");
    const at = digits.length - decimals;
    const whole = digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, group);
    const needed = digits.slice(at).replace(/0+$/, "").length;
    const shown = needed <= places ? places : decimals > 3 ? needed : decimals;
    return (minor < 0n ? "−" : "") + whole + (shown ? mark + digits.slice(at, at + shown) : "");
  };

  const decimalsOf = (row) => Number(row.parentElement.dataset.decimals);
  const placesOf = (row) => Number(row.parentElement.dataset.places);
  const cells = (row) => [...row.querySelectorAll("td:not(.sum)")];
  /* What is only shown may be longer than what is read. */
  const fixed = (cell, decimals) => {
    const text = ownText(cell).replaceAll(group, "").replace("−", "-");
    if (!text) return null;
    const [whole, rest = ""] = text.split(mark);
    return BigInt(whole + rest.slice(0, decimals).padEnd(decimals, "0"));
  };
  const ownText = (cell) => [...cell.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
  const minorOf = (cell, decimals) => {
    const input = cell.querySelector("input");
    return input ? read(input.value, decimals) : fixed(cell, decimals);
  };

  const add = (row) => {
    const decimals = decimalsOf(row), places = placesOf(row);
    const values = cells(row).map((cell) => minorOf(cell, decimals));
    const bad = values.includes(undefined);
    const sum = (list) => list.reduce((total, value) => total + (value ?? 0n), 0n);
    const months = values.slice(1);
    const rest = BigInt(row.dataset.rest);
    const held = months.some((v) => v !== null);
    row.querySelector("[data-sum]").textContent = bad ? "?" : held ? write(sum(months), decimals, places) : "";
    row.querySelector("[data-total]").textContent = bad ? "?"
      : held || rest || values[0] !== null ? write(sum(values) + rest, decimals, places) : "";
  };

  /* The net of a series over all lines of one currency that count as savings. */
  const net = (row) => {
    const currency = row.parentElement.dataset.nets;
    const target = currency && form.querySelector(
      `tbody[data-net="${currency}"] tr[data-net-series="${row.dataset.series}"]`);
    if (!target) return;
    const decimals = decimalsOf(row), places = placesOf(target);
    const lines = rows.filter((each) => each.parentElement.dataset.nets === currency
      && each.dataset.series === row.dataset.series);
    const table = lines.map((each) => cells(each).map((cell) => minorOf(cell, decimals)));
    const rest = lines.reduce((sum, each) => sum + BigInt(each.dataset.rest), 0n);
    const say = (list, more) => {
      if (list.includes(undefined)) return "?";
      const held = list.filter((value) => value !== null);
      return held.length || more ? write(held.reduce((sum, value) => sum + value, more), decimals, places) : "";
    };
    const columns = [...target.querySelectorAll("td")];
    columns.slice(0, -2).forEach((cell, at) => { cell.textContent = say(table.map((line) => line[at]), 0n); });
    columns.at(-2).textContent = say(table.flatMap((line) => line.slice(1)), 0n);
    columns.at(-1).textContent = say(table.flat(), rest);
  };

  const changed = (input) => {
    const row = input.closest("tr");
    input.classList.toggle("typed", input.value !== input.defaultValue);
    const wrong = read(input.value, decimalsOf(row)) === undefined;
    if (wrong) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
    input.classList.toggle("is-invalid", wrong);
    add(row);
    net(row);
  };

  /* What can be read stands in the form of its row; what cannot stays as it was typed. */
  const settled = (input, text) => {
    const row = input.closest("tr"), value = read(text, decimalsOf(row));
    return value === undefined ? text : value === null ? "" : write(value, decimalsOf(row), placesOf(row));
  };

  const put = (input, text) => { input.value = settled(input, text); changed(input); };

  const placeOf = (input) => {
    const row = input.closest("tr");
    return [rows.indexOf(row), cells(row).indexOf(input.closest("td"))];
  };
  const inputAt = (row, column) => rows[row] && cells(rows[row])[column]?.querySelector("input");

  /* The next cell that can be typed into, going one way. */
  const go = (input, down, right) => {
    let [row, column] = placeOf(input);
    for (row += down, column += right; row >= 0 && row < rows.length && column >= 0 && column < cells(rows[row]).length;
      row += down, column += right) {
      const next = inputAt(row, column);
      if (next) { next.focus(); next.select(); return; }
    }
  };

  const say = (text) => window.govapp?.say(text, false);

  const fillRight = (input) => {
    let [row, column] = placeOf(input);
    let done = 0;
    for (column += 1; column < cells(rows[row]).length; column += 1) {
      const next = inputAt(row, column);
      if (next) { put(next, input.value); done += 1; }
    }
    say(form.dataset.filled.replace("{done}", done));
  };

  form.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.closest("td") || event.altKey || event.isComposing) return;
    const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
    const atStart = input.selectionEnd === 0, atEnd = input.selectionStart === input.value.length;
    const act = () => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r") return () => fillRight(input);
      if (event.ctrlKey || event.metaKey) return null;
      if (event.key === "Enter") return () => go(input, event.shiftKey ? -1 : 1, 0);
      if (event.shiftKey) return null;
      if (event.key === "ArrowUp") return () => go(input, -1, 0);
      if (event.key === "ArrowDown") return () => go(input, 1, 0);
      if (event.key === "ArrowLeft" && (whole || atStart)) return () => go(input, 0, -1);
      if (event.key === "ArrowRight" && (whole || atEnd)) return () => go(input, 0, 1);
      if (event.key === "Escape") return () => { put(input, input.defaultValue); input.select(); };
      return null;
    };
    const found = act();
    if (!found) return;
    event.preventDefault();
    found();
  });

  form.addEventListener("focusin", (event) => {
    if (event.target.closest("td")) event.target.select();
  });

  form.addEventListener("focusout", (event) => {
    const input = event.target;
    if (input.closest("td") && input.value !== input.defaultValue) put(input, input.value);
  });

  form.addEventListener("input", (event) => { if (event.target.closest("td")) changed(event.target); });

  /* A block from a spreadsheet: tabs between columns, lines between rows, put down from the focused cell on. */
  form.addEventListener("paste", (event) => {
    const input = event.target;
    const text = event.clipboardData?.getData("text/plain") || "";
    if (!input.closest?.("td") || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    const [row, column] = placeOf(input);
    let done = 0, left = 0;
    text.replace(/\r?\n$/, "").split(/\r?\n/).forEach((line, down) => {
      line.split("\t").forEach((value, right) => {
        const target = inputAt(row + down, column + right);
        if (target) { put(target, value.trim()); done += 1; } else left += 1;
      });
    });
    say(form.dataset.pasted.replace("{done}", done).replace("{left}", left));
  });

  /* What a refused form brought back is typed, not stored: it is marked and added up anew. */
  const seen = JSON.parse(form.elements.seen.value || "{}");
  rows.forEach((row) => {
    const decimals = decimalsOf(row);
    let differs = false;
    row.querySelectorAll("td > input").forEach((input) => {
      const stored = seen[input.name.slice(2)];
      const value = read(input.value, decimals);
      if (value === (stored === undefined ? null : BigInt(stored))) return;
      input.classList.add("typed");
      differs = true;
    });
    if (!differs) return;
    add(row);
    net(row);
  });
  /* Where not all months fit, the first one that can be typed into stands first. */
  const box = form.querySelector(".scroll"), heads = [...form.querySelectorAll("thead th")];
  const open = Math.min(...rows.map((row) => cells(row).findIndex((cell, at) => at > 0 && cell.querySelector("input")))
    .filter((at) => at > 0));
  if (box.scrollWidth > box.clientWidth && Number.isFinite(open)) {
    box.scrollLeft = heads[open + 1].offsetLeft - heads[0].offsetWidth;
  }
  const first = form.querySelector("td > input.is-invalid");
  if (first) first.focus();
})();
