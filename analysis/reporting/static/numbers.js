
// Where a number comes from: its row of results.csv, and what in the study file asked for it.
// `page.number` gives the exact number, `page.open` shows the panel.
(() => {
  const { columns, words, rows, asked } = page.data;

  // A row as pairs of column and text, those that are empty left out.
  const fieldsOf = (row) =>
    (rows[row] ?? []).slice(1)
      .map((cell, place) => [columns[place], typeof cell === "number" ? words[cell] : cell])
      .filter(([, words]) => words);

  page.number = (value) => {
    const column = value.dataset.col.split(" ")[0];
    const cell = rows[value.dataset.row]?.[columns.indexOf(column) + 1];
    return typeof cell === "string" ? Number(cell) : NaN;
  };

  // The panel: one for the page, moved to the number that was chosen.
  const panel = document.createElement("div");
  panel.id = "source";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-labelledby", "source-title");
  panel.tabIndex = -1;
  panel.hidden = true;
  document.body.append(panel);
  let from = null;

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };
  page.make = make;

  page.link = (row) => {
    // The heading is the first row of the file (RFC 7111 names rows so).
    const link = make("a", "source-row", `results.csv, line ${Number(row) + 2}`);
    link.href = `results.csv#row=${Number(row) + 2}`;
    return link;
  };

  const lineLinks = (row) => {
    const entries = asked[rows[row]?.[0]] ?? [];
    if (!entries.length || !document.getElementById("spec")) return "";
    const list = make("ul", "source-lines");
    for (const [what, line] of entries) {
      const link = make("a", "", `${what}, line ${line}`);
      link.href = `#spec-L${line}`;
      link.addEventListener("click", () => close(false));
      list.append(make("li", "", link));
    }
    return make("div", "", make("p", "source-asked", "Asked for in the study file by"), list);
  };

  const table = (row, shown) => {
    const list = make("dl", "");
    for (const [column, text] of fieldsOf(row)) {
      const pair = make("div", shown.includes(column) ? "shown" : "");
      pair.append(make("dt", "", column), make("dd", "", text));
      list.append(pair);
    }
    return list;
  };

  const fill = (value) => {
    const { row, col } = value.dataset;
    const title = make("p", "source-title", make("span", "sr", "Where it comes from: "));
    title.id = "source-title";
    title.append(make("strong", "source-printed", value.dataset.shown ?? value.textContent.trim()));
    const shut = make("button", "close", "Close");
    shut.type = "button";
    shut.addEventListener("click", () => close(true));
    panel.replaceChildren(
      make("div", "source-head", title, shut),
      make("p", "", page.link(row)),
      lineLinks(row),
      table(row, col.split(" ")),
    );
  };

  // Beside the number: below it if there is room, else above; on a phone at the foot of the screen.
  const place = (value) => {
    panel.style.removeProperty("left");
    panel.style.removeProperty("top");
    const at = value.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    if (matchMedia("(max-width: 40rem)").matches) {
      // The number stays in sight above the panel.
      const covered = at.bottom + 12 - (innerHeight - height);
      if (covered > 0) scrollBy({ top: covered, behavior: "instant" });
      return;
    }
    const end = document.documentElement.clientWidth - width - 8;
    const below = at.bottom + 6 + height <= innerHeight || at.top - 6 - height < 0;
    panel.style.left = `${scrollX + Math.max(8, Math.min(at.left, end))}px`;
    panel.style.top = `${scrollY + (below ? at.bottom + 6 : at.top - 6 - height)}px`;
  };

  const open = (value) => {
    if (from) close(false);
    from = value;
    fill(value);
    panel.hidden = false;
    place(value);
    value.setAttribute("aria-expanded", "true");
    panel.focus({ preventScroll: true });
  };

  const close = (back) => {
    if (!from) return;
    const value = from;
    from = null;
    panel.hidden = true;
    value.setAttribute("aria-expanded", "false");
    if (back) value.focus({ preventScroll: true });
  };

  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      close(true);
    } else if (event.key === "Tab") {
      // The panel is the page's last element: leaving it, the reader goes on from the number.
      const inside = [...panel.querySelectorAll("a, button")];
      const first = document.activeElement === inside[0] || document.activeElement === panel;
      const last = document.activeElement === inside.at(-1);
      if (event.shiftKey ? first : last) close(true);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(panel.contains(document.activeElement));
  });
  document.addEventListener("pointerdown", (event) => {
    if (from && !panel.contains(event.target) && !from.contains(event.target)) close(false);
  });

  // A block of numbers is one tab stop; the arrow keys go from number to number within it.
  const BLOCK = "table, dl, ul, ol, figcaption, .caption, p";
  const blockOf = (value) => value.closest(BLOCK) ?? value.parentElement;
  const numbersIn = (block) =>
    [...block.querySelectorAll(".v")].filter((value) => blockOf(value) === block);

  const go = (value, next) => {
    if (!next || next === value) return;
    value.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  // In a table up and down keep to the column; elsewhere they go back and forth.
  const vertically = (value, step) => {
    const cell = value.closest("td, th");
    const column = [...cell.parentElement.cells].indexOf(cell);
    const all = [...cell.closest("table").rows];
    for (let at = all.indexOf(cell.parentElement) + step; all[at]; at += step) {
      const found = all[at].cells[column]?.querySelector(".v");
      if (found) return found;
    }
    return null;
  };

  const target = (value, key) => {
    const block = blockOf(value);
    const values = numbersIn(block);
    const at = values.indexOf(value);
    const inTable = block.localName === "table";
    if (key === "ArrowRight") return values[at + 1];
    if (key === "ArrowLeft") return values[at - 1];
    if (key === "ArrowDown") return inTable ? vertically(value, 1) : values[at + 1];
    if (key === "ArrowUp") return inTable ? vertically(value, -1) : values[at - 1];
    if (key === "Home") return values[0];
    return key === "End" ? values.at(-1) : undefined;
  };

  for (const value of document.querySelectorAll(".v")) {
    if (!rows[value.dataset.row]) continue;
    value.setAttribute("role", "button");
    value.setAttribute("aria-haspopup", "dialog");
    value.setAttribute("aria-expanded", "false");
    value.tabIndex = -1;
  }
  const blocks = new Set();
  for (const value of document.querySelectorAll(".v[role]")) {
    const block = blockOf(value);
    if (!blocks.has(block)) value.tabIndex = 0;
    blocks.add(block);
  }

  const valueOf = (event) => event.target.closest?.(".v[role], button.v");
  document.addEventListener("click", (event) => {
    const value = valueOf(event);
    // A number that was marked to be copied is not asked about.
    if (!value || !getSelection().isCollapsed) return;
    if (value === from) close(true);
    else open(value);
  });
  document.addEventListener("keydown", (event) => {
    const value = valueOf(event);
    if (!value || value.localName === "button" || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(value);
      return;
    }
    const next = target(value, event.key);
    if (next === undefined) return;
    event.preventDefault();
    go(value, next);
  });
  document.addEventListener("focusin", (event) => {
    const value = valueOf(event);
    if (!value || value.localName === "button" || value.tabIndex === 0) return;
    for (const other of numbersIn(blockOf(value))) other.tabIndex = -1;
    value.tabIndex = 0;
  });
  document.addEventListener("mouseover", (event) => {
    const value = valueOf(event);
    if (value && !value.title) {
      const shown = value.dataset.col.split(" ").join(", ");
      value.title = `results.csv, line ${Number(value.dataset.row) + 2}: ${shown}`;
    }
  });
  for (const how of document.querySelectorAll(".how")) how.hidden = false;

  // A line of the study file is shown although its listing is folded away.
  const unfold = () => {
    const line = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (!line || !line.closest("details")) return;
    for (let box = line.closest("details"); box; box = box.parentElement.closest("details")) {
      box.open = true;
    }
    line.scrollIntoView({ block: "center", behavior: "instant" });
    const listing = line.closest("pre");
    listing?.focus({ preventScroll: true });
  };
  addEventListener("hashchange", unfold);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.hash === location.hash) unfold();
  });
  unfold();
})();
