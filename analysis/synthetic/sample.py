"""The sample of one cycle: its people, a block at a time, with their weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.synthetic.arithmetic import Array
from analysis.synthetic.draw import Block, People, Places, draw_people, draw_response
from analysis.synthetic.parameters import model
from analysis.synthetic.people import describe

BLOCK = 20_000
"""People drawn at a time; part of the survey's definition, as streams are named after blocks."""

WEIGHTS = ("interview_weight", "exam_weight", "dietary_weight", "two_day_weight")


@dataclass(frozen=True)
class Sample:
    """The people of one cycle.

    Parameters
    ----------
    seed : int
        The survey's seed.
    cycle : str
        Name of the cycle.
    people : int
        How many are interviewed.
    first_seqn : int
        Number of the first; the others follow.
    """

    seed: int
    cycle: str
    people: int
    first_seqn: int

    def __iter__(self) -> Iterator[tuple[Block, People]]:
        """Draw everyone, a block at a time, with all that the tables are made of."""
        first_stratum = float(model(self.cycle)["design"]["first_stratum"][self.cycle])
        for start, block in self._blocks():
            drawn = draw_people(block)
            drawn |= draw_response(block, drawn)
            raw = self._raw_weights(block, drawn)
            drawn |= {name: np.round(raw[name] * self.scales[name], 6) for name in WEIGHTS}
            drawn |= {
                "seqn": self.first_seqn + start + np.arange(block.size, dtype=np.float64),
                "unit": self.places.unit[block.psu].astype(np.float64),
                "stratum": self.places.stratum[block.psu] + first_stratum,
            }
            yield block, describe(block, drawn)

    @cached_property
    def places(self) -> Places:
        """Strata and PSUs."""
        return Places(self.seed, self.cycle)

    @cached_property
    def psu_weights(self) -> Array:
        """Share of the population that each person of a PSU stands for, at equal rates.

        Strata are equal shares of the population, and PSUs of a stratum are equal shares of it.
        """
        places, strata = self.places, model()["design"]["strata"]
        whole, rest = divmod(self.people, len(places.pattern))
        units = np.bincount(places.stratum, minlength=strata)[places.stratum]
        counts = whole * np.bincount(places.pattern, minlength=len(units))
        counts = counts + np.bincount(places.pattern[:rest], minlength=len(units))
        return 1.0 / (strata * units * counts)

    @cached_property
    def scales(self) -> dict[str, float]:
        """Factors by which each weight sums to the population; the sample is drawn once for it."""
        sums: dict[str, list[float]] = {name: [] for name in WEIGHTS}
        for _, block in self._blocks():
            drawn = draw_people(block)
            raw = self._raw_weights(block, drawn | draw_response(block, drawn))
            for name, values in raw.items():
                # Exact sums, so that the order of adding, and thus the machine, do not matter.
                sums[name].append(math.fsum(values.tolist()))
        size = model(self.cycle)["population"]["size"][self.cycle]
        return {name: size / math.fsum(parts) for name, parts in sums.items()}

    def _blocks(self) -> Iterator[tuple[int, Block]]:
        for number, start in enumerate(range(0, self.people, BLOCK)):
            size = min(BLOCK, self.people - start)
            psu = self.places.of(start, size)
            yield start, Block(self.seed, self.cycle, number, size, psu, self.places)

    def _raw_weights(self, block: Block, drawn: People) -> People:
        """Weights before they are scaled to the population."""
        interview = self.psu_weights[block.psu] * drawn["inverse_rate"]
        exam = interview * drawn["inverse_exam"]
        dietary = exam * drawn["inverse_recall"]
        two_day = dietary * drawn["inverse_second"]
        return dict(zip(WEIGHTS, (interview, exam, dietary, two_day), strict=True))
