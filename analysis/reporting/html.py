"""A report as one self-contained HTML page.

Everything that is not markup of this package is escaped. The page asks no network for anything,
and its content security policy lets no script run but the package's own, which it names by hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

import jinja2
from markupsafe import Markup

from analysis.reporting import style
from analysis.reporting.document import Figure, Report, Table, walk
from analysis.reporting.page_data import page_data

_HERE = files("analysis.reporting")
SCRIPTS = ("report.js", "tables.js", "numbers.js", "explore.js")
"""Parts of the page's one script, in their order."""

STYLES = ("report.css", "explore.css", "print.css")
"""Parts of the page's style sheet, in their order."""

LABELS = (12, 20, 60)
"""Letters up to which the rows' labels of a table are brief, of some length, or long."""

_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9<>\[\]+]+")


def doi_url(doi: str) -> str:
    """Make the address of a DOI, or nothing if the text is no DOI."""
    return f"https://doi.org/{doi}" if _DOI.fullmatch(doi) else ""


def numbering(report: Report) -> dict[str, str]:
    """Name each table and figure by its key: ``Table 1``, ``Table S1``, ``Figure 1``.

    Parameters
    ----------
    report : Report
        Whose blocks are numbered in reading order.

    Returns
    -------
    dict of str to str
        Keys of figures begin with ``figure-``, as their ids do.
    """
    names = {}
    main = supporting = drawn = 0
    for section in report.sections:
        for block in walk(section.blocks):
            if isinstance(block, Figure):
                drawn += 1
                names[f"figure-{block.key}"] = f"Figure {drawn}"
            elif isinstance(block, Table) and block.series == "main":
                main += 1
                names[block.key] = f"Table {main}"
            elif isinstance(block, Table) and block.series == "supporting":
                supporting += 1
                names[block.key] = f"Table S{supporting}"
    return names


def labels_class(table: Table) -> str:
    """Tell how long the labels of a table's rows are, for a screen on which room is scarce.

    Parameters
    ----------
    table : Table
        What is shown.

    Returns
    -------
    str
        A class of the style sheet, from ``labels-1`` (brief) to ``labels-4`` (sentences).
    """
    longest = max(
        (len(row[0].text.plain) for group in table.groups for row in group.rows if row), default=0
    )
    return f"labels-{1 + sum(longest > letters for letters in LABELS)}"


def render(report: Report) -> str:
    """Render a report.

    Parameters
    ----------
    report : Report
        What to say.

    Returns
    -------
    str
        A whole HTML document.
    """
    names = numbering(report)
    script = "".join(map(_static, SCRIPTS))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    def number(block: Table | Figure) -> str:
        key = f"figure-{block.key}" if isinstance(block, Figure) else block.key
        return names.get(key, "")

    def svg(figure: Figure, width: str) -> Markup:
        drawn = figure.drawing.wide if width == "wide" else figure.drawing.narrow
        prefix = f"{figure.key}-{width}"
        return Markup(style.for_page(drawn, prefix, figure.title, figure.description))

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (_HERE / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        css=Markup("".join(map(_static, STYLES))),
        js=Markup(script),
        data=Markup(page_data(report)),
        script_hash=f"sha256-{digest}",
        kind=lambda thing: type(thing).__name__,
        number=number,
        labels=labels_class,
        svg=svg,
        doi_url=doi_url,
    )


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text("utf-8")
