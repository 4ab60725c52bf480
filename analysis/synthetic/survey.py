"""Writing the artificial survey, and knowing one when it is seen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis import __version__
from analysis.errors import InputError
from analysis.nhanes.cycles import CYCLES as RELEASES
from analysis.nhanes.cycles import Table
from analysis.synthetic.codebooks import Counter, render
from analysis.synthetic.draw import Block, People, Places, draw_people, draw_response
from analysis.synthetic.parameters import CYCLES, model, model_sha256
from analysis.synthetic.people import describe
from analysis.synthetic.tables import tabulate
from analysis.synthetic.transport import TransportWriter
from analysis.synthetic.truth import truth
from analysis.synthetic.variables import layouts

MANIFEST = "ARTIFICIAL.json"
"""The file in a folder's root that says that the folder's data are artificial."""

FORMAT = 1
BLOCK = 20_000
"""People drawn at a time; part of the survey's definition, as streams are named after blocks."""

SMALLEST = 500
WEIGHTS = ("interview_weight", "exam_weight", "dietary_weight", "two_day_weight")


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
        Each file by its path below the folder: bytes, sha256, rows.
    truth : dict
        The model's truth, see `analysis.synthetic.truth`.
    version : str
        Version of this package.
    model_sha256 : str
        Hash of the parameters.
    """

    seed: int
    scale: int
    people_per_cycle: int
    cycles: tuple[str, ...]
    files: dict[str, dict[str, Any]] = field(repr=False)
    truth: dict[str, Any] = field(repr=False)
    version: str = __version__
    model_sha256: str = field(default_factory=model_sha256)

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


def write_survey(
    folder: Path | str,
    *,
    cycles: Sequence[str] = CYCLES,
    people_per_cycle: int = 10_000,
    seed: int | None = None,
    scale: int = 1,
) -> Manifest:
    """Write an artificial survey in the CDC's formats and folders.

    Memory does not grow with the number of people: they are drawn and written a block at a time.

    Parameters
    ----------
    folder : Path or str
        Made if it does not exist. An artificial survey that it holds is replaced; other files in it
        are an error, so that artificial and real data never mix.
    cycles : sequence of str
        Some of 2001-2002, 2003-2004 and 2005-2006.
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
        raise InputError(f"the seed is {seed}", todo="Give a whole number of 0 or more.")
    root = Path(folder)
    _make_room(root)
    files: dict[str, dict[str, Any]] = {}
    first = model()["population"]["first_seqn"]
    for cycle in wanted:
        files |= _write_cycle(root, cycle, seed, people, first)
        first += people
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
            todo=f"Choose from {', '.join(CYCLES)}.",
        )
    if scale < 1 or people_per_cycle * scale < SMALLEST:
        raise InputError(
            f"{people_per_cycle} people a cycle at scale {scale} are too few for the design",
            todo=f"Ask for at least {SMALLEST} people a cycle, and a scale of 1 or more.",
        )
    return tuple(cycle for cycle in CYCLES if cycle in cycles)


def _make_room(root: Path) -> None:
    """Make the folder, or empty it of an earlier artificial survey."""
    if root.exists() and not root.is_dir():
        raise InputError("is not a folder", where=str(root), todo="Name another folder.")
    if root.is_dir() and any(root.iterdir()):
        if not is_synthetic(root):
            raise InputError(
                "holds files that are not an artificial survey",
                where=str(root),
                todo="Name an empty or new folder; artificial and real data are never mixed.",
            )
        # The manifest goes last: an interrupted run must still be known for what it is.
        for part in ("Nchs", "pub"):
            shutil.rmtree(root / part, ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    note = {"artificial": True, "note": "Being written; run again if this stays."}
    (root / MANIFEST).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _blocks(cycle: str, seed: int, people: int, places: Places) -> Iterator[tuple[int, Block]]:
    for number, start in enumerate(range(0, people, BLOCK)):
        size = min(BLOCK, people - start)
        yield start, Block(seed, cycle, number, size, places.of(start, size), places)


def _raw_weights(people: People, response: People, share: People) -> People:
    """Weights before they are scaled to the population."""
    interview = share["psu_weight"] * people["inverse_rate"]
    exam = interview * response["inverse_exam"]
    dietary = exam * response["inverse_recall"]
    two_day = dietary * response["inverse_second"]
    return dict(zip(WEIGHTS, (interview, exam, dietary, two_day), strict=True))


def _psu_weights(places: Places, people: int) -> np.ndarray:
    """Share of the population that each person of a PSU stands for, at equal rates.

    Strata are equal shares of the population, and PSUs of a stratum are equal shares of it.
    """
    strata = model()["design"]["strata"]
    whole, rest = divmod(people, len(places.pattern))
    units = np.bincount(places.stratum, minlength=strata)[places.stratum]
    counts = whole * np.bincount(places.pattern, minlength=len(units))
    counts = counts + np.bincount(places.pattern[:rest], minlength=len(units))
    return 1.0 / (strata * units * counts)


def _scales(cycle: str, seed: int, people: int, places: Places) -> dict[str, float]:
    """Draw the sample once to find the factors by which each weight sums to the population."""
    per_psu = _psu_weights(places, people)
    sums: dict[str, list[float]] = {name: [] for name in WEIGHTS}
    for _, block in _blocks(cycle, seed, people, places):
        drawn = draw_people(block)
        weights = _raw_weights(
            drawn, draw_response(block, drawn), {"psu_weight": per_psu[block.psu]}
        )
        for name, values in weights.items():
            sums[name].append(math.fsum(values.tolist()))  # exact, so the order does not matter
    size = model()["population"]["size"][cycle]
    return {name: size / math.fsum(parts) for name, parts in sums.items()}


def _write_cycle(
    root: Path, cycle: str, seed: int, people: int, first: int
) -> dict[str, dict[str, Any]]:
    """Write every table of a cycle; returns its files."""
    suffix = RELEASES[cycle].suffix
    places = Places(seed, cycle)
    scales = _scales(cycle, seed, people, places)
    per_psu = _psu_weights(places, people)
    tables = {layout.name: layout for layout in layouts(cycle, suffix)}
    counters = {name: [Counter(v) for v in t.variables] for name, t in tables.items()}
    base = root / Table("DEMO", cycle).data_path
    base.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(
                TransportWriter(
                    root / Table(name, cycle).data_path,
                    name,
                    {v.name: v.label for v in layout.variables},
                )
            )
            for name, layout in tables.items()
        }
        for start, block in _blocks(cycle, seed, people, places):
            drawn = draw_people(block)
            drawn |= draw_response(block, drawn)
            raw = _raw_weights(drawn, drawn, {"psu_weight": per_psu[block.psu]})
            drawn |= {name: np.round(raw[name] * scales[name], 6) for name in WEIGHTS}
            drawn |= {
                "seqn": first + start + np.arange(block.size, dtype=np.float64),
                "unit": places.unit[block.psu].astype(np.float64),
                "stratum": places.stratum[block.psu]
                + float(model()["design"]["first_stratum"][cycle]),
            }
            filled = tabulate(block, describe(block, drawn), cycle, suffix)
            for name, columns in filled.items():
                writers[name].write(columns)
                for counter in counters[name]:
                    counter.add(columns[counter.variable.name])
    files = {}
    for name, layout in tables.items():
        table = Table(name, cycle)
        page = render(layout, cycle, counters[name])
        (root / table.codebook_path).write_text(page, encoding="utf-8", newline="\n")
        for path in (table.data_path, table.codebook_path):
            files[path] = _facts(root / path, writers[name].rows)
    return files


def _facts(path: Path, rows: int) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "rows": rows, "sha256": digest}
