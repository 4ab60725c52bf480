"""The text of a new study file: a copy of another study's, or of the template, with its comments.

Works on text, because comments are kept; what comes out is parsed and validated like any file.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.grammar.tokens import clip
from analysis.study.fields import CONDITION, NAME, TEXT
from analysis.study.specification import Study
from analysis.study.translate import fields_of, section_of
from analysis.study.years import years

TEMPLATE = Path(__file__).with_name("template.toml")
"""The study that a new file begins as when it is a copy of no other."""

WIDTH = 100

_HEADER = re.compile(r"^\[\[?\s*([a-z0-9_.]+)\s*\]\]?")
_CYCLES = re.compile(r"\bcycles(\s*)=(\s*)\[([^\]]*)\]")
_QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')

_YEARS = re.compile(r"\bNHANES \d{4}-\d{4}\b")

_MORE = "# More that a study may hold; docs/adapting.md has an example of each."


@dataclass(frozen=True)
class Block:
    """A table of the file: the comments right above its header, and all that follows.

    Parameters
    ----------
    section : str
        Name in the header, such as ``"specifications.choices"``; empty for the file's top.
    above, lines : tuple of str
        Comments, and the header with what is below it.
    """

    section: str
    above: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Header and all below it."""
        return "\n".join(self.lines)


def begin(text: str, name: str, *, origin: str = "", cycles: Sequence[str] = ()) -> str:
    """Make the text of a new study file.

    Parameters
    ----------
    text : str
        The file to begin from.
    name : str
        Of the new study.
    origin : str
        Name of the study that `text` is of; empty for the template.
    cycles : sequence of str
        Cycles of the new study; by default those of `text`. Parts for other cycles are left out.

    Returns
    -------
    str
        With the comments of `text`, and above the first table of each kind what its keys may be.
        Published figures are left out, because they speak of the other study.
    """
    top, *blocks = _blocks(text)
    blocks = [block for block in blocks if block.section != "published"]
    if cycles:
        blocks = list(_in_cycles(blocks, cycles))
    told: dict[str, Any] = {}
    parts = ["\n".join(_top(top, name, origin, cycles))]
    for block in blocks:
        lines = [] if block.section in told else list(_keys(block.section, told))
        told.setdefault(block.section, _class_of(block.section))
        parts.append("\n".join([*lines, *block.above, *block.lines]).rstrip("\n"))
    more = list(_more({section.split(".")[0] for section in told}))
    return "\n\n".join([*parts, "\n".join(more)] if more else parts).rstrip("\n") + "\n"


def _blocks(text: str) -> list[Block]:
    """Split a file at its headers; comments right above one belong to it."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    heads = []
    for start in starts:
        head = start
        while head and lines[head - 1].startswith("#"):
            head -= 1
        heads.append(head)
    found = [Block("", (), tuple(lines[: heads[0] if heads else len(lines)]))]
    for start, head, end in zip(starts, heads, [*heads[1:], len(lines)], strict=True):
        match = _HEADER.match(lines[start])
        section = match.group(1) if match else ""
        found.append(Block(section, tuple(lines[head:start]), tuple(lines[start:end])))
    return found


def _top(block: Block, name: str, origin: str, cycles: Sequence[str]) -> Iterator[str]:
    """Give the file's first lines: what it is, how to go on, and its own name and title."""
    yield f"# {name}: " + (f"begun from {origin}." if origin else "a study of your own.")
    if origin:
        yield "# Published figures were left out: they speak of the other study."
    yield f"# Check it:  python -m analysis check {name}.toml"
    yield f"# Run it:    python -m analysis run {name}.toml"
    yield "# What the keys of a table may be stands above the first of its kind."
    lines = [line for line in block.lines if not line.startswith("#:schema")]
    comments = []
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        comments.append(lines.pop(0))
    if origin and any(line.strip() for line in comments):
        yield f"#\n# What the file of {origin} says of itself:"
    yield from (line for line in comments if line.strip())
    for line in lines:
        if re.match(r"name\s*=", line):
            yield f"name = {json.dumps(name)}"
        elif match := re.match(r"title\s*=\s*(.*)$", line):
            yield f"title = {_title(match.group(1), name, origin, cycles)}"
        elif line.strip():
            yield line


def _title(written: str, name: str, origin: str, cycles: Sequence[str]) -> str:
    """Say in the title where the study comes from, and no other cycles than its own."""
    said = tomllib.loads(f"title = {written}")["title"]
    if cycles:
        said = _YEARS.sub(f"NHANES {years(cycles)}", said)
    return json.dumps(f"{name}, begun from: {said}" if origin else said, ensure_ascii=False)


def _in_cycles(blocks: Sequence[Block], cycles: Sequence[str]) -> Iterator[Block]:
    """Take a file to other cycles, and leave out what is for none of them."""
    moved = [_moved(block, cycles) for block in blocks]
    choices = [block for block in moved if block and block.section == "specifications.choices"]
    for block in moved:
        if block and (choices or block.section != "specifications"):
            yield block


def _moved(block: Block, cycles: Sequence[str]) -> Block | None:
    if block.section == "data":
        text = _CYCLES.sub(f"cycles = {_list(cycles)}", block.text, count=1)
        # The smallest subsample may have another weight there, or none of this name.
        text = re.sub(r"(?m)^weight\s*=.*\n?", "", text)
        return replace(block, lines=tuple(text.split("\n")))
    if not _CYCLES.search(block.text):
        return block
    if block.section != "specifications.choices":
        kept = _narrowed(block.text, cycles)
        return None if kept is None else replace(block, lines=tuple(kept.split("\n")))
    lines = [_narrowed(line, cycles) for line in block.lines]
    kept_lines = tuple(line for line in lines if line is not None)
    options = [line for line in kept_lines if line.strip().startswith("{")]
    return replace(block, lines=kept_lines) if len(options) > 1 else None


def _narrowed(text: str, cycles: Sequence[str]) -> str | None:
    """Keep of the cycles in a text those that there are; None where there is none."""
    match = _CYCLES.search(text)
    if match is None:
        return text
    named = [a or b for a, b in _QUOTED.findall(match.group(3))]
    kept = [cycle for cycle in named if cycle in cycles]
    return _CYCLES.sub(f"cycles = {_list(kept)}", text, count=1) if kept else None


def _list(cycles: Sequence[str]) -> str:
    return f"[{', '.join(json.dumps(cycle) for cycle in cycles)}]"


def _keys(section: str, told: Mapping[str, Any]) -> Iterator[str]:
    """Tell what the keys of a table may be, out of the specification; once for tables alike."""
    kind = _class_of(section)
    if kind is None:
        return
    alike = next((name for name, other in told.items() if other is kind), None)
    if alike:
        yield f"# {section}: keys as in {alike}."
        return
    what = (kind.__doc__ or "").strip().split("\n")[0]
    yield from _wrapped(f"# {section}: {what}", "#   ")
    for key, field in fields_of(kind).items():
        optional = "" if field.is_required() else " (optional)"
        yield from _wrapped(f"#   {key}: {_brief(field.description or '')}{optional}", "#     ")


def _class_of(section: str) -> Any:
    kind: Any = Study
    for part in section.split("."):
        fields = fields_of(kind) if kind else {}
        kind = section_of(fields[part].annotation) if part in fields else None
    return kind


def _brief(description: str) -> str:
    """Shorten what stands in nearly every line."""
    shorter: Mapping[str, str] = {
        NAME: "a name", TEXT: "text", CONDITION: "a condition in quotes",
    }  # fmt: skip
    for long, short in shorter.items():
        description = description.replace(long, short)
    return description


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _more(there: set[str]) -> Iterator[str]:
    """List the tables that the file does not have."""
    first = True
    for name, field in fields_of(Study).items():
        kind = section_of(field.annotation)
        if kind is None or name in there:
            continue
        if first:
            yield _MORE
        first = False
        what = (kind.__doc__ or "").strip().split("\n")[0]
        listed = "[[" in (field.description or "")
        yield from _wrapped(f"#   {f'[[{name}]]' if listed else f'[{name}]'}: {what}", "#     ")


def name_problem(name: str, taken: Sequence[str]) -> str:
    """Say what is wrong with the name of a new study; nothing if it can be had."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > 64:
        return f"{clip(name)} is not {NAME}"
    if name in taken:
        return f"{clip(name)} is a study that comes with the package"
    return ""
