
(() => {
  // Copying: the table's cells as tab-separated text, with plain minus signs for spreadsheets.
  const tsv = (table) =>
    [...table.rows]
      .map((row) =>
        [...row.cells]
          .map((cell) => {
            const words = cell.textContent.trim().replace(/\s+/g, " ").replace(/\u2212/g, "-");
            return words + "\t".repeat(Math.max(cell.colSpan - 1, 0));
          })
          .join("\t"),
      )
      .join("\n");

  const copy = async (table) => {
    const words = tsv(table);
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch {
      // A page opened from a file may not reach the clipboard this way.
      const area = document.createElement("textarea");
      area.value = words;
      area.style.position = "fixed";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const done = await copy(button.closest(".table").querySelector("table"));
      button.focus();
      label.data = done ? "Copied" : "Not copied";
      page.announce.textContent = done ? "Table copied" : "The table could not be copied";
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }

  // Sorting: within groups, by value; a third press brings back the order of the report.
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // The number that a cell begins with, as it is printed; NaN if it begins with none.
  const printed = (words) => {
    const plain = words.trim().replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "");
    const found = /^([<>])?\s*(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(\s*million)?/.exec(plain);
    if (!found) return NaN;
    const number = Number(found[2]) * (found[3] ? 1e6 : 1);
    // A bound stands beyond the number that it is a bound of.
    return found[1] === "<" ? number - 1e-9 : found[1] === ">" ? number + 1e-9 : number;
  };

  // What a cell is sorted by: the number as printed and, among equals in print, as it is.
  const keyOf = (cell) => {
    const words = cell.textContent.trim();
    const value = cell.querySelector(".v");
    const exact = value ? page.number(value) : NaN;
    return { words, number: printed(words), exact, kind: value ? value.dataset.col : "" };
  };

  const compare = (a, b, numeric, sign) => {
    if (!numeric) {
      if (!a.words || !b.words) return Boolean(b.words) - Boolean(a.words);
      return sign * collator.compare(a.words, b.words);
    }
    // What has no number stands last, whichever way the others go.
    if (Number.isNaN(a.number) || Number.isNaN(b.number)) {
      return Number.isNaN(a.number) - Number.isNaN(b.number);
    }
    const apart = a.number - b.number || a.exact - b.exact || 0;
    return sign * apart;
  };

  // The kind of number that most rows have: rows of another kind (people above odds ratios) stay.
  const commonest = (kinds) => {
    const counts = new Map();
    for (const kind of kinds) if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
  };

  const sortBody = (body, column, direction) => {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    if (rows.length < 2) return;
    const order = (row) => Number(row.dataset.order);
    if (direction === "none") {
      body.append(...rows.sort((a, b) => order(a) - order(b)));
      return;
    }
    const keys = new Map(rows.map((row) => [row, keyOf(row.cells[column])]));
    const numeric = rows.some((row) => row.cells[column].classList.contains("n"));
    const usual = commonest([...keys.values()].map((key) => key.kind));
    const stays = (row) => numeric && keys.get(row).kind && keys.get(row).kind !== usual;
    const sign = direction === "ascending" ? 1 : -1;
    const moved = rows.filter((row) => !stays(row));
    moved.sort((a, b) =>
      compare(keys.get(a), keys.get(b), numeric, sign) || order(a) - order(b));
    body.append(...rows.filter(stays).sort((a, b) => order(a) - order(b)), ...moved);
  };

  const sort = (table, head, column) => {
    const now = head.getAttribute("aria-sort");
    const next = { none: "ascending", ascending: "descending", descending: "none" }[now];
    for (const other of table.querySelectorAll("th[aria-sort]")) {
      other.setAttribute("aria-sort", other === head ? next : "none");
    }
    for (const body of table.tBodies) sortBody(body, column, next);
    const how = next === "none" ? "in the order of the report" : `sorted by ${name(head)}, ${next}`;
    page.announce.textContent = `Table ${how}`;
  };

  const name = (head) => head.textContent.trim().replace(/\s+/g, " ");

  const sortable = (table) => {
    for (const row of table.tHead.rows) {
      let column = 0;
      for (const cell of row.cells) {
        if (cell.scope === "col" && !cell.querySelector(".v")) headButton(table, cell, column);
        column += cell.colSpan;
      }
    }
    for (const body of table.tBodies) {
      [...body.rows].forEach((row, place) => { row.dataset.order = place; });
    }
  };

  const headButton = (table, cell, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...cell.childNodes);
    cell.append(button);
    cell.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(table, cell, column));
  };

  // A table whose groups have one row each has nothing to sort.
  const rowsOf = (body) => [...body.rows].filter((row) => !row.classList.contains("group")).length;
  for (const table of document.querySelectorAll(".table table")) {
    if ([...table.tBodies].some((body) => rowsOf(body) > 1)) sortable(table);
  }
})();
