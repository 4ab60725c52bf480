r"""A table as LaTeX, to be put into a paper with ``\input``.

It needs ``\usepackage{booktabs,array,longtable,pdflscape}`` and a text in UTF-8; letters beyond
Latin need XeLaTeX or LuaLaTeX. What strangers wrote stays text: every character that means
something to TeX is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from analysis.reporting.columns import WORD, Fit, fit, lines_of
from analysis.reporting.document import Cell, Code, Doi, Part, Table, Text, Value

PACKAGES = r"\usepackage{booktabs,array,longtable,pdflscape}"

LONG = 45
"""Tables of more lines than this go over pages."""

LINE = 90
"""Headings of groups with more letters than this are broken."""

LETTERS = 24
"""Words with more letters may break at a stroke, a dot or a low line."""

RAGGED = r">{\raggedright\arraybackslash}"

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}", '"': r"\char34{}",
    "`": r"\textasciigrave{}", "'": r"'{}",
    # After the end of a row these would be its options.
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip

_TYPOGRAPHIC = {
    "−": r"\ensuremath{-}", "–": r"\textendash{}", "—": r"\textemdash{}", "…": r"\ldots{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "•": r"\textbullet{}", "†": r"\textdagger{}",
    "\N{NO-BREAK SPACE}": "~", "\N{NARROW NO-BREAK SPACE}": r"\,", "\N{THIN SPACE}": r"\,",
    "\N{NON-BREAKING HYPHEN}": r"\mbox{-}", "\N{WORD JOINER}": "",
    "≥": r"\ensuremath{\geq}", "≤": r"\ensuremath{\leq}", "≈": r"\ensuremath{\approx}",
    "≠": r"\ensuremath{\neq}", "×": r"\ensuremath{\times}", "÷": r"\ensuremath{\div}",
    "±": r"\ensuremath{\pm}", "·": r"\ensuremath{\cdot}", "°": r"\ensuremath{^{\circ}}",
    "→": r"\ensuremath{\rightarrow}", "←": r"\ensuremath{\leftarrow}", "½": r"\ensuremath{1/2}",
    "√": r"\ensuremath{\surd}", "∞": r"\ensuremath{\infty}", "¹": r"\textsuperscript{1}",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "⁻": r"\textsuperscript{-}",
    "₂": r"\textsubscript{2}", "µ": r"\ensuremath{\mu}", "✓": r"\ensuremath{\surd}",
    "✗": r"\ensuremath{\times}", "\N{REPLACEMENT CHARACTER}": "?",
}  # fmt: skip

_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""

_GREEK = {
    letter: rf"\ensuremath{{\{name}}}"
    for letter, name in zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", _GREEK_NAMES.split(), strict=True)
}

_ESCAPES = _SPECIAL | _TYPOGRAPHIC | _GREEK


def escape(words: str) -> str:
    """Make text of any characters safe in LaTeX.

    Parameters
    ----------
    words : str
        Plain text; control characters become a space or nothing.

    Returns
    -------
    str
        LaTeX that prints it.
    """
    made = "".join(map(_letter, words))
    # A hyphen beside another would become a dash.
    return re.sub("-(?=-)", "-{}", made)


def _letter(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    # Marks of direction and of width are nothing to see; a new line or a tab is a space.
    return "" if unicodedata.category(letter) == "Cf" else " "


def inline(words: Text) -> str:
    """Write running text."""
    return "".join(_part(part) for part in words.parts)


def _part(part: Part) -> str:
    if isinstance(part, str | Value):
        words = part if isinstance(part, str) else part.text
        return "".join(
            _breakable(word) if len(word) > LETTERS else escape(word)
            for word in re.split(r"(\s+)", words)
        )
    if isinstance(part, Doi):
        return _breakable(f"doi:{part.doi}")
    if isinstance(part, Code):
        return rf"\texttt{{{_breakable(part.text)}}}"
    return rf"\textbf{{{escape(part.text)}}}"


def _breakable(words: str) -> str:
    """Let a name break at its own joints, and a hash after every eight letters."""
    joints = re.sub(r"(?<=[/_.])(?=\w)", "\0", words)
    pieces = [piece[at : at + 8] for piece in joints.split("\0") for at in range(0, len(piece), 8)]
    # A piece of a name that is no hash stays whole.
    pieces = pieces if re.fullmatch("[0-9a-f]{32,}", words) else joints.split("\0")
    return r"\allowbreak{}".join(escape(piece) for piece in pieces)


def table_file(table: Table, name: str, *, synthetic: bool) -> str:
    """Write a table with its caption, label and notes.

    Parameters
    ----------
    table : Table
    name : str
        Its number in the report, said in a comment: LaTeX numbers by itself.
    synthetic : bool
        True if the data are artificial, which the comment and the caption then say.

    Returns
    -------
    str
        The whole file.
    """
    chosen = fit(table, WORD)
    artificial = "; ARTIFICIAL DATA" if synthetic else ""
    marked = r"\textbf{Artificial data.} " if synthetic else ""
    caption = rf"\caption{{{marked}{inline(table.caption)}}}\label{{tab:{table.key}}}"
    long = table.lines > LONG
    made = _long(table, chosen, caption) if long else _short(table, chosen, caption)
    if chosen.turned:
        made = ["\\begin{landscape}", *made, "\\end{landscape}"]
    head = [f"% {name} of the report{artificial}. In the preamble:", f"% {PACKAGES}"]
    return "\n".join((*head, *made)) + "\n"


def _short(table: Table, chosen: Fit, caption: str) -> list[str]:
    return [
        r"\begin{table}[htbp]", rf"{_type(chosen)}\centering", caption,
        rf"\begin{{tabular}}{{{_columns(table, chosen)}}}", r"\toprule", *_head(table, chosen),
        r"\midrule", *_body(table), r"\bottomrule", r"\end{tabular}", *_notes(table),
        r"\end{table}",
    ]  # fmt: skip


def _long(table: Table, chosen: Fit, caption: str) -> list[str]:
    head = _head(table, chosen)
    return [
        rf"\begingroup{_type(chosen)}",
        rf"\begin{{longtable}}{{{_columns(table, chosen)}}}", rf"{caption}\\",
        r"\toprule", *head, r"\midrule", r"\endfirsthead",
        r"\toprule", *head, r"\midrule", r"\endhead", r"\bottomrule", r"\endlastfoot",
        *_body(table), r"\end{longtable}", *_notes(table), r"\par\endgroup",
    ]  # fmt: skip


def _type(chosen: Fit) -> str:
    size = "footnotesize" if chosen.size == WORD.sizes[0] else "scriptsize"
    apart = "3pt" if chosen.size == WORD.sizes[-1] else "4pt"
    return rf"\{size}\setlength{{\tabcolsep}}{{{apart}}}"


def _columns(table: Table, chosen: Fit) -> str:
    """Columns of words have a width and break; columns of numbers are as wide as they must be."""
    room = WORD.turned if chosen.turned else WORD.upright
    share = [(width - WORD.padding) / room for width in chosen.widths]
    kinds = []
    for column, part in enumerate(share):
        cells = [cell for cell in _column(table, column) if cell.text]
        numbers = sum(cell.number for cell in cells) * 2 > len(cells)
        if numbers and not table.stack:
            kinds.append("r")
        else:
            ragged = RAGGED.replace("right", "left") if numbers else RAGGED
            kinds.append(rf"{ragged}p{{{max(part, 0.03):.3f}\linewidth}}")
    return "@{}" + "".join(kinds) + "@{}"


def _column(table: Table, column: int) -> list[Cell]:
    found = []
    for group in table.groups:
        for row in group.rows:
            starts = [sum(cell.span for cell in row[:place]) for place in range(len(row))]
            found += [cell for cell, start in zip(row, starts, strict=True) if start == column]
    return found


def _head(table: Table, chosen: Fit) -> list[str]:
    lines = []
    for row in table.head:
        cells, rules, start = [], [], 0
        for cell in row:
            end = start + cell.span
            cells.append(
                _head_cell(cell, sum(chosen.widths[start:end]) - WORD.padding, chosen.size)
            )
            if cell.span > 1 and cell.text:
                rules.append(rf"\cmidrule(lr){{{start + 1}-{end}}}")
            start = end
        lines += [" & ".join(cells) + r" \\", *rules]
    return lines


def _head_cell(cell: Cell, room: float, size: float) -> str:
    # Long headings are broken, so that a column is not wider than its numbers ask for.
    lines = [piece for line in lines_of(cell.text) for piece in _broken(line.plain, room, size)]
    made = escape(lines[0]) if len(lines) == 1 else _stacked(lines, "r" if cell.number else "l")
    if cell.span > 1:
        return rf"\multicolumn{{{cell.span}}}{{c}}{{{made}}}"
    return made


def _broken(line: str, room: float, size: float) -> list[str]:
    lines = [""]
    for word in line.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if WORD.face.width(joined) * WORD.face.bold * size <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _stacked(lines: Sequence[str], side: str) -> str:
    inner = r" \\ ".join(escape(line) for line in lines)
    return rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{inner}\end{{tabular}}"


def _body(table: Table) -> list[str]:
    lines = []
    for position, group in enumerate(table.groups):
        if group.label:
            lines += [r"\addlinespace"] if position else []
            label = rf"\textbf{{{inline(group.label)}}}"
            side = "l" if len(group.label.plain) < LINE else r"p{0.97\linewidth}"
            lines.append(rf"\multicolumn{{{table.columns}}}{{@{{}}{side}@{{}}}}{{{label}}} \\*")
        indent = r"\hspace*{1em}" if group.label else ""
        for row in group.rows:
            lines.append(indent + " & ".join(_cell(cell) for cell in row) + r" \\")
    return lines


def _cell(cell: Cell) -> str:
    made = inline(cell.text)
    if cell.span > 1:
        return rf"\multicolumn{{{cell.span}}}{{{'r' if cell.number else 'l'}}}{{{made}}}"
    return made


def _notes(table: Table) -> list[str]:
    notes = [rf"{inline(note)}\par" for note in table.notes]
    if not notes:
        return []
    return [r"\par\medskip", r"\begin{minipage}{\linewidth}\raggedright", *notes, r"\end{minipage}"]
