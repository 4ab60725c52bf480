"""Writing the artificial survey, and knowing one when it is seen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from analysis import __version__
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES as RELEASES
from analysis.nhanes.cycles import EVERY_CYCLE, MORTALITY, Table, mortality_path
from analysis.nhanes.mortality import LABELS
from analysis.synthetic.codebooks import MARK, Counter, render
from analysis.synthetic.draw import People
from analysis.synthetic.foods import WITH_VITAMIN_D, later_table
from analysis.synthetic.later import later_layouts, later_tables
from analysis.synthetic.layout import TableLayout
from analysis.synthetic.medicines import drug_table
from analysis.synthetic.mortality import LARGEST_SEQN, lines
from analysis.synthetic.parameters import CYCLES, EARLY, model, parameters_sha256
from analysis.synthetic.sample import Sample
from analysis.synthetic.supplements import product_tables
from analysis.synthetic.tables import tabulate
from analysis.synthetic.transport import TransportWriter
from analysis.synthetic.truth import truth
from analysis.synthetic.variables import layouts

MANIFEST = "ARTIFICIAL.json"
"""The file in a folder's root that says that the folder's data are artificial."""

FORMAT = 5
"""Raised whenever the same seed and parameters give other bytes than before."""

HEAD = 720
"""Bytes within which every file's mark stands: the head records of a transport file."""
SMALLEST = 500


@dataclass(frozen=True)
class Manifest:
    """What is in a folder of artificial data.

    Parameters
    ----------
    seed, scale, people_per_cycle : int
        As asked for.
    cycles : tuple of str
        Names of the cycles.
    files : dict of str to dict
        Each file by its path below the folder: bytes, sha256, and a table's rows.
    truth : dict
        The model's truth, see `analysis.synthetic.truth`.
    version : str
        Version of this package.
    parameters_sha256 : str
        Hash of the parameters.
    """

    seed: int
    scale: int
    people_per_cycle: int
    cycles: tuple[str, ...]
    files: dict[str, dict[str, Any]] = field(repr=False)
    truth: dict[str, Any] = field(repr=False)
    version: str = __version__
    parameters_sha256: str = field(default_factory=parameters_sha256)

    def write(self, folder: Path) -> None:
        """Write the manifest into the root of the folder."""
        content = {
            "artificial": True,
            "note": "Artificial data, drawn from a model. Nothing here describes a person.",
            "format": FORMAT,
            **dataclasses.asdict(self),
        }
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")


def is_synthetic(folder: Path | str) -> bool:
    """Whether a folder holds an artificial survey.

    Parameters
    ----------
    folder : Path or str
        A folder with the CDC's paths below it.

    Returns
    -------
    bool
        True if its root holds a manifest of artificial data.
    """
    try:
        content = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("artificial") is True


def is_artificial(path: Path | str) -> bool:
    """Whether one file says that its data are artificial, wherever it has been moved.

    Parameters
    ----------
    path : Path or str
        A transport file or a codebook page.

    Returns
    -------
    bool
        True if its first records or its head carry the mark that `write_survey` leaves.
    """
    with Path(path).open("rb") as file:
        return MARK.encode() in file.read(HEAD)


def write_survey(
    folder: Path | str,
    *,
    cycles: Sequence[str] = EARLY,
    people_per_cycle: int = 10_000,
    seed: int | None = None,
    scale: int = 1,
) -> Manifest:
    """Write an artificial survey in the CDC's formats and folders.

    Memory does not grow with the number of people: they are drawn and written a block at a time.
    Linked mortality is left out where numbers of people outgrow its six columns.

    Parameters
    ----------
    folder : Path or str
        Made if it does not exist. An artificial survey that it holds is replaced; other files in it
        are an error, so that artificial and real data never mix.
    cycles : sequence of str
        Some of `parameters.CYCLES`; by default those of 2001-2006, whose truth is known. What is
        drawn for a cycle, numbers of people included, does not depend on which others are.
    people_per_cycle : int
        People interviewed in each cycle.
    seed : int, optional
        The same seed gives the same bytes on every machine. By default the model's own.
    scale : int
        Multiplies the number of people.

    Returns
    -------
    Manifest
        Also written to the folder, as ARTIFICIAL.json, last of all.

    Raises
    ------
    InputError
        If an option is out of range, or the folder holds something else.
    """
    people = people_per_cycle * scale
    wanted = _checked(cycles, people_per_cycle, scale)
    seed = model()["seed"]["default"] if seed is None else seed
    if seed < 0:
        raise InputError(f"the seed is {seed}", remedy="Give a whole number of 0 or more.")
    root = Path(folder)
    _make_room(root)
    files: dict[str, dict[str, Any]] = {}
    first = model()["population"]["first_seqn"]
    for cycle in wanted:
        number = first + people * CYCLES.index(cycle)
        files |= _write_cycle(root, Sample(seed, cycle, people, number))
    for cycle, (layout, rows) in _fixed_tables():
        with _OpenTable(root, layout, cycle) as table:
            table.write(rows)
        files |= table.files()
    manifest = Manifest(
        seed=seed,
        scale=scale,
        people_per_cycle=people_per_cycle,
        cycles=wanted,
        files=dict(sorted(files.items())),
        truth=dataclasses.asdict(truth()),
    )
    manifest.write(root)
    return manifest


def _checked(cycles: Sequence[str], people_per_cycle: int, scale: int) -> tuple[str, ...]:
    unknown = [cycle for cycle in cycles if cycle not in CYCLES]
    if unknown or not cycles:
        raise InputError(
            f"there is no artificial survey for {', '.join(unknown) or 'no cycle at all'}",
            remedy=f"Choose from {', '.join(CYCLES)}.",
        )
    if scale < 1 or people_per_cycle * scale < SMALLEST:
        raise InputError(
            f"{people_per_cycle} people a cycle at scale {scale} are too few for the design",
            remedy=f"Ask for at least {SMALLEST} people a cycle, and a scale of 1 or more.",
        )
    return tuple(cycle for cycle in CYCLES if cycle in cycles)


def _make_room(root: Path) -> None:
    """Make the folder, or empty it of an earlier artificial survey."""
    if root.exists() and not root.is_dir():
        raise InputError("is not a folder", where=str(root), remedy="Name another folder.")
    if root.is_dir() and any(root.iterdir()):
        if not is_synthetic(root):
            raise InputError(
                "holds files that are not an artificial survey",
                where=str(root),
                remedy="Name an empty or new folder; artificial and real data are never mixed.",
            )
        # The manifest goes last: an interrupted run must still be known for what it is.
        for part in ("Nchs", "pub"):
            shutil.rmtree(root / part, ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    note = {"artificial": True, "note": "Being written; run again if this stays."}
    (root / MANIFEST).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _write_cycle(root: Path, sample: Sample) -> dict[str, dict[str, Any]]:
    """Write every file of a cycle; returns each with its size and hash."""
    cycle = sample.cycle
    suffix = RELEASES[cycle].suffix
    with ExitStack() as stack:
        tables = [
            stack.enter_context(_OpenTable(root, layout, cycle)) for layout in all_layouts(cycle)
        ]
        deaths = None
        if _is_followed(sample):
            deaths = stack.enter_context(_create(root / mortality_path(cycle)).open("wb"))
        for block, people in sample:
            filled = later_tables(block, people, cycle, suffix)
            if cycle in EARLY:
                filled |= tabulate(block, people, cycle, suffix)
            for table in tables:
                table.write(filled[table.layout.name])
            if deaths:
                deaths.write(lines(block, people, cycle))
    files: dict[str, dict[str, Any]] = {}
    for table in tables:
        files |= table.files()
    if deaths:
        content = (root / mortality_path(cycle)).read_bytes()
        files[mortality_path(cycle)] = {"rows": sample.people, **_facts(content)}
    return files


def all_layouts(cycle: str) -> tuple[TableLayout, ...]:
    """Lay out every table of one cycle, but for those that serve all cycles."""
    suffix = RELEASES[cycle].suffix
    first = layouts(cycle, suffix) if cycle in EARLY else ()
    return (*first, *later_layouts(cycle, suffix))


@cache
def contents() -> Mapping[Table, frozenset[str]]:
    """Say what an artificial survey of every cycle has: each table with its variables."""
    found = {
        Table(layout.name, cycle): layout.variables
        for cycle in CYCLES
        for layout in all_layouts(cycle)
    }
    for cycle, (layout, _) in _fixed_tables():
        found[Table(layout.name, cycle)] = layout.variables
    names = {table: frozenset(v.name for v in whole) for table, whole in found.items()}
    for cycle in CYCLES:
        if cycle in model(cycle)["mortality"]["months"]:
            names[Table(f"{MORTALITY}_{RELEASES[cycle].suffix}", cycle)] = frozenset(LABELS)
    return names


def _fixed_tables() -> list[tuple[str, tuple[TableLayout, People]]]:
    """Tables that nothing random is in, with their cycle: foods, products and medicines."""
    foods = [(cycle, later_table(cycle)) for cycle in WITH_VITAMIN_D]
    return foods + [(EVERY_CYCLE, filled) for filled in (*product_tables(), drug_table())]


def _is_followed(sample: Sample) -> bool:
    """Whether there is linked mortality: of this cycle, and of numbers that fit its form."""
    fits = sample.first_seqn + sample.people - 1 <= LARGEST_SEQN
    return fits and sample.cycle in model(sample.cycle)["mortality"]["months"]


class _OpenTable:
    """A table being written: its transport file and the counts of its codebook."""

    def __init__(self, root: Path, layout: TableLayout, cycle: str) -> None:
        self.layout, self.cycle, self.root = layout, cycle, root
        self.table = Table(layout.name, cycle)
        self.counters = [Counter(variable) for variable in layout.variables]
        labels = {variable.name: variable.label for variable in layout.variables}
        widths = {variable.name: variable.width for variable in layout.variables}
        path = _create(root / self.table.data_path)
        self.data = TransportWriter(path, layout.name, labels, widths)

    def write(self, columns: People) -> None:
        self.data.write(columns)
        for counter in self.counters:
            counter.add(columns[counter.variable.name])

    def files(self) -> dict[str, dict[str, Any]]:
        """Write the codebook; returns both files with size and hash."""
        page = render(self.layout, self.cycle, self.counters).encode()
        (self.root / self.table.codebook_path).write_bytes(page)
        data = {"bytes": self.data.bytes, "sha256": self.data.sha256, "rows": self.data.rows}
        return {self.table.data_path: data, self.table.codebook_path: _facts(page)}

    def __enter__(self) -> _OpenTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.data.close()


def _create(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _facts(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
