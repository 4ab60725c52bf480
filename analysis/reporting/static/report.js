"use strict";
(() => {
  const root = document.documentElement;
  const announce = document.querySelector(".announce");

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
      announce.textContent = done ? "Table copied" : "The table could not be copied";
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }

  // Tables wider than their box say so, until the reader is at their end.
  const measure = (box) => {
    const left = box.scrollWidth - box.clientWidth;
    box.parentElement.classList.toggle("overflows", left > 2);
    box.parentElement.classList.toggle("more", left - box.scrollLeft > 2);
  };
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) measure(target.closest(".scroll"));
  });
  for (const box of document.querySelectorAll(".scroll")) {
    box.addEventListener("scroll", () => measure(box), { passive: true });
    sizes.observe(box);
    sizes.observe(box.firstElementChild);
  }

  // Each number says on hover where it stands in results.csv (line 1 is the heading).
  document.addEventListener("mouseover", (event) => {
    const value = event.target.closest?.(".v");
    if (value && !value.title) {
      const columns = value.dataset.col.split(" ").join(", ");
      value.title = `results.csv, line ${Number(value.dataset.row) + 2}: ${columns}`;
    }
  });

  // Light or dark: the system's choice until the reader makes one.
  const theme = document.querySelector(".theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const say = () => { theme.textContent = dark() ? "Light page" : "Dark page"; };
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    say();
  });
  system.addEventListener("change", say);
  say();

  // The contents list follows the reader.
  const links = new Map(
    [...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]),
  );
  const seen = new Set();
  const follow = () => {
    const current = [...links.keys()].find((key) => seen.has(key));
    for (const [key, link] of links) {
      if (key === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target.id);
        else seen.delete(target.id);
      }
      if (seen.size) follow();
    },
    { rootMargin: "-10% 0px -65% 0px" },
  );
  for (const key of links.keys()) observer.observe(document.getElementById(key));
})();
