"""The cycles of continuous NHANES and where the CDC keeps their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CDC = "https://wwwn.cdc.gov"
"""The CDC's server. The folder layout below it is that of the 2024 reorganisation."""

CDC_LINKED = "https://ftp.cdc.gov"
"""Its server of linked data, whose paths all begin with `LINKED`; mirrors hold both in one tree."""

LINKED = "pub/"
"""How the paths of linked data begin."""


@dataclass(frozen=True, order=True)
class Cycle:
    """One release of continuous NHANES.

    Parameters
    ----------
    name : str
        As written in study files, for example ``"2001-2002"``.
    suffix : str
        The letter that the CDC appends to table names; empty for 1999-2000.
    """

    name: str
    suffix: str

    @property
    def first_year(self) -> int:
        """First calendar year, which is also the name of the CDC's folder."""
        return int(self.name[:4])


# 2017-2020 (prefix P_) re-releases 2017-2018 and has no 25(OH)D; it is not a cycle of its own here.
CYCLES: Mapping[str, Cycle] = MappingProxyType(
    {
        cycle.name: cycle
        for cycle in (
            Cycle("1999-2000", ""),
            Cycle("2001-2002", "B"),
            Cycle("2003-2004", "C"),
            Cycle("2005-2006", "D"),
            Cycle("2007-2008", "E"),
            Cycle("2009-2010", "F"),
            Cycle("2011-2012", "G"),
            Cycle("2013-2014", "H"),
            Cycle("2015-2016", "I"),
            Cycle("2017-2018", "J"),
            Cycle("2021-2023", "L"),
        )
    }
)
"""Every cycle by its name, oldest first."""


EVERY_CYCLE = "1999-2023"
"""In place of a cycle's name: a table that the CDC keeps once for all cycles.

These are the products of dietary supplements (DSPI, DSII and DSBI) and the prescription medicines
(RXQ_DRUG), which each release extends. The CDC keeps them in the folder of the first year, without
a suffix; `ELSEWHERE` says where that is not 1999.
"""

OF_EVERY_CYCLE = ("DSPI", "DSII", "DSBI", "RXQ_DRUG")
"""The tables that the CDC keeps once for all cycles."""

PRE_PANDEMIC = "P_"
"""How the names of tables of 2017 to March 2020 begin, which are of no cycle here."""

ELSEWHERE: Mapping[str, int] = MappingProxyType({"RXQ_DRUG": 1988})
"""Folder of a table of every cycle that begins with an earlier survey (here NHANES III)."""


MORTALITY = "MORT"
"""Name, before its suffix, of the table that stands for a cycle's linked mortality file."""

LAST_LINKED = "2017-2018"
"""The last cycle with a public-use linked mortality file (release of 2019)."""


@dataclass(frozen=True, order=True)
class Table:
    """One of the CDC's tables in one cycle, or one that serves every cycle.

    Linked mortality is a table as well, ``MORT_B`` in 2001-2002, though its file has another form
    and name, lies on another server of the CDC and has no codebook.

    Parameters
    ----------
    name : str
        The file's stem with its suffix, for example ``"VID_B"``.
    cycle : str
        The cycle's name, for example ``"2001-2002"``, or `EVERY_CYCLE`.
    """

    name: str
    cycle: str

    @property
    def is_mortality(self) -> bool:
        """Whether it is a linked mortality file, in fixed columns and without a codebook."""
        return self.name.partition("_")[0] == MORTALITY

    @property
    def data_path(self) -> str:
        """Path of the data below the CDC's (or a mirror's) root: the transport file, mostly."""
        if self.is_mortality:
            return mortality_path(self.cycle)
        return f"{self._folder}/{self.name}.xpt"

    @property
    def codebook_path(self) -> str:
        """Path of the HTML codebook below the CDC's (or a mirror's) root.

        Raises
        ------
        ValueError
            For linked mortality, which has none.
        """
        if self.is_mortality:
            raise ValueError(f"{self.name} has no codebook")
        return f"{self._folder}/{self.name}.htm"

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of all its files: the codebook, if it has one, and the data."""
        return (self.data_path,) if self.is_mortality else (self.codebook_path, self.data_path)

    @property
    def people(self) -> Table:
        """The table of everyone interviewed in its cycle."""
        suffix = CYCLES[self.cycle].suffix
        return Table(f"DEMO_{suffix}" if suffix else "DEMO", self.cycle)

    @property
    def held_against(self) -> str:
        """Path of the file that says how many rows it has: its codebook; else its people's data."""
        return self.people.data_path if self.is_mortality else self.codebook_path

    @property
    def _folder(self) -> str:
        if self.cycle == EVERY_CYCLE:
            year = ELSEWHERE.get(self.name, int(EVERY_CYCLE[:4]))
        else:
            year = CYCLES[self.cycle].first_year
        return f"Nchs/Data/Nhanes/Public/{year}/DataFiles"


def table_named(name: str) -> Table | None:
    """Find the cycle of a table from its suffix.

    Parameters
    ----------
    name : str
        With its suffix, for example ``"VID_B"``, in any case of letters.

    Returns
    -------
    Table or None
        None if no cycle has the suffix. A name without one is taken for 1999-2000.
    """
    name = name.upper()
    if name in OF_EVERY_CYCLE:
        return Table(name, EVERY_CYCLE)
    if name.startswith(PRE_PANDEMIC):
        return None
    stem, _, suffix = name.rpartition("_")
    if not stem or len(suffix) != 1:
        suffix = ""
    return next((Table(name, c.name) for c in CYCLES.values() if c.suffix == suffix), None)


def mortality_path(cycle: str) -> str:
    """Path of a cycle's linked mortality file below the CDC's (or a mirror's) root."""
    folder = f"{LINKED}Health_Statistics/NCHS/datalinkage/linked_mortality"
    return f"{folder}/NHANES_{cycle.replace('-', '_')}_MORT_2019_PUBLIC.dat"


def cdc_url(relative: str) -> str:
    """Return the CDC's own address of a file."""
    return f"{CDC_LINKED if relative.startswith(LINKED) else CDC}/{relative}"
