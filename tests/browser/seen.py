"""What is looked for in more than one kind of page."""

from __future__ import annotations

import csv
from pathlib import Path

HEAVIEST = 6_000_000
"""Bytes that a page may weigh."""

WIDER = """() => {
  const clipped = (one) => one && (getComputedStyle(one).overflowX !== "visible"
    || one.localName === "svg" || clipped(one.parentElement));
  const beyond = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
    && one.getBoundingClientRect().right > innerWidth + 1 && !clipped(one.parentElement));
  return [document.scrollingElement.scrollWidth, innerWidth,
    beyond.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
}"""
"""How wide the page is, how wide the screen, and what stands out of it."""

LOST = """() => [...document.querySelectorAll('a[href^="#"]')].map((link) => link.hash.slice(1))
  .filter((id) => !document.getElementById(id))"""
"""Links within the page that lead nowhere."""

TWICE = """() => {
  const met = new Set();
  return [...document.querySelectorAll("[id]")].map((one) => one.id)
    .filter((id) => met.has(id) || !met.add(id));
}"""
"""Names that more than one element has."""

PANEL = """() => {
  const panel = document.getElementById("source");
  if (!panel || !panel.checkVisibility()) return null;
  const link = panel.querySelector("a.source-row");
  const box = panel.getBoundingClientRect();
  return {
    printed: panel.querySelector(".source-printed").textContent,
    href: link.getAttribute("href"), link: link.textContent,
    fields: [...panel.querySelectorAll("dl dt")].map((one) =>
      [one.textContent, one.nextElementSibling.textContent]),
    lines: [...panel.querySelectorAll(".source-lines a")].map((one) => one.getAttribute("href")),
    inside: box.left >= 0 && box.right <= innerWidth && box.top < innerHeight && box.bottom > 0,
  };
}"""
"""The panel of a number, if it is open."""


def rows_of(folder: Path) -> list[dict[str, str]]:
    """What is in the rows of a results.csv, empty columns left out."""
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
