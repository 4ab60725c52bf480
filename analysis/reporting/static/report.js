"use strict";
// The script of a report, in four parts: this one (contents list, theme, wide tables), tables.js
// (sorting, copying), numbers.js (where a number comes from), explore.js (specification curves and
// joint groups). It asks no network for anything and stores nothing. Without it the page is whole.
//
// What can be held on to, in tests and in other scripts:
//   #page-data                     JSON: rows of results.csv that the page shows, and what to explore
//   .announce                      live region: what sorting, copying and filtering did
//   button.theme                   light or dark; html[data-theme]
//   nav a[aria-current]            the section that is read
//   button.copy                    copies the table of its .table
//   th[aria-sort] > button.sort    sorts; aria-sort is ascending, descending or none
//   .v[data-row][data-col]         a number; with script a role=button, one tab stop a block
//   #source                        the panel of a number (role=dialog): .source-printed, .source-row
//                                  (link to results.csv), .source-lines a (href #spec-L12), .close
//   #spec-L12                      line 12 of the study file, in pre#spec
//   #figure-KEY.explored           a figure to explore; its static drawings are .wide and .narrow
//   #explore-KEY                   with data-kind curve or grid, and data-kept: estimates kept
//     .plot (role=slider, data-at) the curve; .heat button.cell are the joint groups
//     .readout                     what is pointed at
//     .option input                an option of a choice; data-choice and data-option are places
//     .kept (role=status)          count and median of what is kept
//     button.reset                 keeps all again
const page = {
  announce: document.querySelector(".announce"),
  data: JSON.parse(document.getElementById("page-data").textContent),
  // What must be drawn anew when the page turns light or dark.
  redraw: [],
  quietly: matchMedia("(prefers-reduced-motion: reduce)"),
};

(() => {
  const root = document.documentElement;

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

  // Light or dark: the system's choice until the reader makes one.
  const theme = document.querySelector(".theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const say = () => { theme.textContent = dark() ? "Light page" : "Dark page"; };
  const changed = () => {
    say();
    for (const draw of page.redraw) draw();
  };
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    changed();
  });
  system.addEventListener("change", changed);
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
