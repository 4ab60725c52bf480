"""Codebooks of the artificial survey: true counts, in the layout of the CDC's pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.synthetic.layout import TableLayout, Variable

MARK = "Artificial data"
"""Every page says so, and `survey.is_synthetic` looks for it."""

HEADINGS = ("Code or Value", "Value Description", "Count", "Cumulative", "Skip to Item")


class Counter:
    """Counts of one variable's values, gathered a block at a time.

    Parameters
    ----------
    variable : Variable
        Its codes are counted one by one, other numbers as a range.
    """

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.codes = [0] * len(variable.codes)
        self.in_range = self.missing = 0
        self.low, self.high = np.inf, -np.inf

    def add(self, values: NDArray[Any]) -> None:
        """Count more values.

        Raises
        ------
        ValueError
            If a value is neither a code nor may be a number on a scale.
        """
        is_text = self.variable.width > 0
        rest = values != "" if is_text else ~np.isnan(values)
        self.missing += int(np.count_nonzero(~rest))
        for number, (code, *_) in enumerate(self.variable.codes):
            hits = values == code
            self.codes[number] += int(np.count_nonzero(hits))
            rest &= ~hits
        found = values[rest]
        if not found.size:
            return
        if self.variable.codes and not self.variable.ranged:
            raise ValueError(f"{self.variable.name} has values without a code, such as {found[0]}")
        self.in_range += int(found.size)
        if is_text:
            return
        self.low = min(self.low, float(found.min()))
        self.high = max(self.high, float(found.max()))

    def lines(self) -> list[tuple[str, str, int, str]]:
        """Lines of the codebook: code or range, description, count, skip."""
        if self.variable.width:
            blank = ("< blank >", "Missing", self.missing, "")
            if self.variable.codes:
                return [*self._coded(), blank]
            return [(self.variable.label, "Value was recorded", self.in_range, ""), blank]
        lines = []
        if self.in_range:
            ends = f"{_number(self.low)} to {_number(self.high)}"
            if self.low == self.high:
                ends = _number(self.low)
            lines.append((ends, "Range of Values", self.in_range, ""))
        return [*lines, *self._coded(), (".", "Missing", self.missing, "")]

    def _coded(self) -> list[tuple[str, str, int, str]]:
        pairs = zip(self.variable.codes, self.codes, strict=True)
        return [(_number(code), words, count, skip) for (code, words, skip), count in pairs]


def _number(value: float | str) -> str:
    """Print a number in full, without a trailing .0; a letter as it is."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else repr(value)


def render(layout: TableLayout, cycle: str, counters: Sequence[Counter]) -> str:
    """Write the page of one table.

    Parameters
    ----------
    layout : TableLayout
        The table.
    cycle : str
        Name of the cycle.
    counters : sequence of Counter
        One for each variable, in order.

    Returns
    -------
    str
        The HTML page.
    """
    title = escape(layout.title)
    links = "\n".join(
        f'                <li><a href="#{v.name}">{v.name} - {escape(v.label)}</a></li>'
        for v in layout.variables
    )
    blocks = "\n".join(_block(counter) for counter in counters)
    return f"""<!DOCTYPE html><html xml:lang="en" lang="en" xmlns="http://www.w3.org/1999/xhtml">
  <head>
    <meta http-equiv="content-type" content="text/html; charset=utf-8" />
    <title>{layout.name}</title>
    <meta name="title" content="{MARK}: NHANES {cycle}: {title}" />
  </head>
  <body>
    <div id="toc">
      <h3>Table of Contents</h3>
      <div id="toc-scroll">
        <ul>
          <li><a href="#Component_Description">Component Description</a></li>
          <li><a href="#Eligible_Sample">Eligible Sample</a></li>
          <li>
            <a href="#Codebook">Codebook</a>
            <div id="CodebookLinks">
              <ul>
{links}
              </ul>
            </div>
          </li>
        </ul>
      </div>
    </div>
    <div id="wrapper">
      <div id="PageHeader">
        <h1>{MARK} in the form of the National Health and Nutrition Examination Survey</h1>
        <h2>{cycle} Data Documentation, Codebook, and Frequencies</h2>
        <h3>{title} ({layout.name})</h3>
        <h4>Data File: {layout.name}.xpt</h4>
      </div>
      <div id="Sections">
        <h2 id="Component_Description">Component Description</h2>
        <div class="block"><p><strong>{MARK}.</strong> Every row was drawn at random from a
        model; none describes a person or was derived from a person's record. The tables, variables
        and codes have the names that NHANES gives them, so that the same programs read both.
        </p></div>
        <h2 id="Eligible_Sample">Eligible Sample</h2>
        <div class="block"><p>{escape(layout.eligible)}</p></div>
      </div>
      <div id="Codebook">
        <h2>Codebook and Frequencies</h2>
{blocks}
      </div>
    </div>
  </body>
</html>
"""


def _block(counter: Counter) -> str:
    variable = counter.variable
    name, label = variable.name, escape(variable.label)
    head = f"""        <div class="pagebreak">
          <h3 class="vartitle" id="{name}">{name} - {label}</h3>
          <dl>
            <dt>Variable Name: </dt>
            <dd class="info">{name}</dd>
            <dt>SAS Label: </dt>
            <dd>{label}</dd>
            <dt>English Text: </dt>
            <dd class="info">{escape(variable.text)}</dd>
            <dt>Target: </dt>
            <dd>{escape(variable.target)}</dd>
          </dl>"""
    if not variable.counted:
        return f"{head}\n        </div>"
    top = "".join(f'<th scope="column" class="values">{h}</th>' for h in HEADINGS)
    rows, cumulative = [], 0
    for code, description, count, skip in counter.lines():
        cumulative += count
        cells = "".join(
            f'<td class="values"{extra}>{escape(text)}</td>'
            for text, extra in (
                (description, ""),
                (str(count), ' align="right"'),
                (str(cumulative), ' align="right"'),
                (skip, ""),
            )
        )
        rows.append(f'<tr><td scope="row" class="values">{escape(code)}</td>{cells}</tr>')
    body = "\n            ".join(rows)
    return f"""{head}
          <table class="values">
            <thead><tr>{top}</tr></thead>
            <tbody>
            {body}
            </tbody>
          </table>
        </div>"""
