"""Where the CDC's codebooks and files are known to disagree.

Every exception states the exact figures, so that one that grows or shrinks is reported again. Of
the 10,174 variables with printed counts in the tables of 1999 to 2023 that were compared, 61 are
listed here; all others reconcile to the digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Difference:
    """One figure of a codebook that its file does not keep.

    Parameters
    ----------
    line : str
        What is counted: a code or a range as printed, ``"missing"``, ``"rows"``,
        ``"not listed"`` (values without a line), or one end of a range, ``"lowest"`` or
        ``"highest"`` (then the figures are values, not counts).
    codebook, file : float
        The figure printed, and the figure found.
    """

    line: str
    codebook: float
    file: float

    def __str__(self) -> str:
        return f"{self.line}: codebook {_figure(self.codebook)}, file {_figure(self.file)}"


def _figure(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else repr(float(number))


@dataclass(frozen=True)
class CountException:
    """A variable whose counts are known to differ from its codebook.

    Parameters
    ----------
    reason : str
        Why, as far as it is known.
    differences : tuple of Difference
        All of them; with any other the variable differs.
    """

    reason: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class RowCountException:
    """A table whose file has another number of rows than its codebook prints.

    Parameters
    ----------
    rows_codebook, rows_file : int
        Rows that the codebook prints, and rows of the file.
    reason : str
        Why, as far as it is known.
    """

    rows_codebook: int
    rows_file: int
    reason: str


_REVISED_LATER = "The file was revised after its codebook was printed."
_MISSING_UNCOUNTED = "The page does not count the missing values of this text."
_CIGARETTES = "The page counts more cigarettes of known content than the file holds."
_DXA = "One scan more is valid in the file; four have a code that the page gives otherwise."

ROW_COUNT_EXCEPTIONS: Mapping[str, RowCountException] = MappingProxyType(
    {
        "DSBI": RowCountException(35_942, 37_061, _REVISED_LATER),
        "DSII": RowCountException(188_572, 188_552, _REVISED_LATER),
        "DSQ2_D": RowCountException(7_966, 7_969, _REVISED_LATER),
    }
)
"""Whole tables whose row counts differ, by the table's name."""


def _exceptions(
    table: str, reason: str, variables: dict[str, dict[str, tuple[float, float]]]
) -> dict[tuple[str, str], CountException]:
    """Exceptions of one table: for each variable its lines with (codebook, file)."""
    return {
        (table, name): CountException(
            reason, tuple(Difference(line, *figures) for line, figures in lines.items())
        )
        for name, lines in variables.items()
    }


COUNT_EXCEPTIONS: Mapping[tuple[str, str], CountException] = MappingProxyType(
    {
        **_exceptions(
            "DSBI",
            _REVISED_LATER,
            {
                "DSDIID": {"rows": (35_942, 37_061), "88 to 19815": (35_942, 37_061)},
                "DSDINGR": {"rows": (35_942, 37_061), "INGREDIENT NAME": (35_942, 37_061)},
                "DSDBID": {"rows": (35_942, 37_061), "3 to 19809": (35_942, 37_061)},
                "DSDBCNAM": {"rows": (35_942, 37_061), "BLEND COMPONENT NAME": (35_942, 37_061)},
                "DSDBCCAT": {
                    "rows": (35_942, 37_061),
                    "1": (449, 470),
                    "2": (1921, 1928),
                    "3": (20_870, 21_413),
                    "4": (10_667, 11_100),
                    "5": (2035, 2150),
                },
                "DSDBCID": {
                    "rows": (35_942, 37_061),
                    "missing": (10_966, 12_051),
                    "BLEND COMPONENT ID - OLD VERSION": (24_976, 25_010),
                },
            },
        ),
        **_exceptions(
            "DSII",
            _REVISED_LATER,
            {
                "DSDPID": {"rows": (188_572, 188_552), "1 to 28553": (188_572, 188_552)},
                "DSDSUPP": {"rows": (188_572, 188_552), "SUPPLEMENT NAME": (188_572, 188_552)},
                "DSDIID": {"rows": (188_572, 188_552), "1 to 19815": (188_572, 188_552)},
                "DSDINGR": {"rows": (188_572, 188_552), "INGREDIENT NAME": (188_572, 188_552)},
                "DSDOPER": {"rows": (188_572, 188_552), "INGREDIENT OPERATOR": (188_572, 188_552)},
                "DSDQTY": {"rows": (188_572, 188_552), "0 to 6000000": (188_571, 188_551)},
                "DSDUNIT": {
                    "rows": (188_572, 188_552),
                    "1": (109_902, 109_962),
                    "2": (14_717, 14_718),
                    "4": (36_264, 36_195),
                    "5": (14_327, 14_316),
                    "32": (798, 797),
                },
                "DSDCAT": {
                    "rows": (188_572, 188_552),
                    "1": (66_877, 66_856),
                    "2": (43_731, 43_730),
                    "4": (54_053, 54_055),
                },
                "DSDBLFLG": {"rows": (188_572, 188_552), "2": (182_877, 182_857)},
                "DSDINGID": {
                    "rows": (188_572, 188_552),
                    "missing": (45_741, 45_730),
                    "INGREDIENT ID NUMBER - OLD VERSION": (142_831, 142_822),
                },
            },
        ),
        **_exceptions(
            "DSPI",
            "The source of two products was corrected after the codebook was printed.",
            {
                "DSDSRCE": {"9": (11_750, 11_752), "11": (1013, 1011)},
            },
        ),
        **_exceptions(
            "L13AM_B",
            "The page counts every weight as 0 and none in the range it prints.",
            {
                "WTSAF2YR": {
                    "0": (4464, 495),
                    "0.000000000000 to 523301.611391426000": (0, 3969),
                    "lowest": (0, 3358.86231782402),
                },
                "WTSAF4YR": {
                    "0": (4464, 495),
                    "0.000000000000 to 263680.656781538000": (0, 3969),
                    "lowest": (0, 1663.26156583353),
                },
            },
        ),
        **_exceptions(
            "DSQ2_C",
            "The page counts 36 products as refused or not known; the file names every product.",
            {
                "DSDSUPP": {"7777": (4, 0), "9999": (32, 0), "Supplement name": (8380, 8416)},
            },
        ),
        **_exceptions(
            "DSQ2_D",
            _REVISED_LATER,
            {
                "DSDSUPID": {"rows": (7966, 7969), "Supplement ID number": (7966, 7969)},
                "DSDSUPP": {"rows": (7966, 7969), "Supplement name": (7934, 7937)},
                "DSD070": {"rows": (7966, 7969), "1": (6170, 6172), "2": (879, 880)},
                "DSDMTCH": {"rows": (7966, 7969), "1": (4408, 4411)},
                "DSD090": {"rows": (7966, 7969), "1 to 29200": (7879, 7882)},
                "DSD103": {"rows": (7966, 7969), "missing": (270, 273)},
                "DSD122Q": {"rows": (7966, 7969), "missing": (155, 158)},
                "DSD122U": {"rows": (7966, 7969), "missing": (158, 161)},
                "DSDANTA": {"rows": (7966, 7969), "0": (7084, 7087)},
            },
        ),
        **_exceptions(
            "SMQ_E",
            _MISSING_UNCOUNTED,
            {
                "SMDUPCA": {"rows": (817, 7145), "missing": (0, 6328)},
                "SMD100BR": {"rows": (1256, 7145), "missing": (0, 5889)},
            },
        ),
        **_exceptions(
            "TCHOL_E",
            "The page prints a lowest value that is not in the file; the counts agree.",
            {
                "LBXTC": {"lowest": (44, 78)},
                "LBDTCSI": {"lowest": (1.14, 2.02)},
            },
        ),
        **_exceptions(
            "SMQ_F",
            _MISSING_UNCOUNTED,
            {
                "SMDUPCA": {"rows": (757, 7528), "missing": (0, 6771)},
                "SMD100BR": {"rows": (1272, 7528), "missing": (0, 6256)},
            },
        ),
        **_exceptions(
            "SMQ_F",
            _CIGARETTES,
            {
                "SMD100TR": {"missing": (6338, 6606), "1 to 24": (1190, 922)},
                "SMD100NI": {"missing": (6338, 6606), "0.1 to 1.8": (1190, 922)},
                "SMD100CO": {"missing": (6338, 6606), "1 to 22": (1190, 922), "highest": (22, 19)},
            },
        ),
        **_exceptions(
            "SMQ_G",
            _CIGARETTES,
            {
                "SMD100TR": {"missing": (5824, 5965), "2 to 20": (966, 825), "lowest": (2, 4)},
                "SMD100NI": {"missing": (5824, 5965), "0.1 to 1.9": (966, 825)},
                "SMD100CO": {"missing": (5824, 5965), "3 to 20": (966, 825), "lowest": (3, 5)},
            },
        ),
        **_exceptions(
            "TRIGLY_G",
            "The largest weight has five decimals on the page, in the file as found three.",
            {
                "WTSAF2YR": {
                    "0 to 521033.37059": (3239, 3238),
                    "highest": (521033.37059, 501258.528),
                    "not listed": (0, 1),
                },
            },
        ),
        **_exceptions(
            "DXXFEM_H",
            _DXA,
            {
                "DXAFMRST": {"1": (3126, 3127), "2": (177, 176)},
                "DXXFMBCC": {"0": (3126, 3127), "1": (4, 0), "6": (170, 169), "not listed": (0, 4)},
                "DXXOFBMD": {"missing": (582, 581), "0.362 to 1.563": (3126, 3127)},
                "DXXOFBMC": {"missing": (582, 581), "12.7 to 79.51": (3126, 3127)},
                "DXXOFA": {"missing": (582, 581), "23.88 to 83.09": (3126, 3127)},
                "DXXNKBMD": {"missing": (582, 581), "0.386 to 1.361": (3126, 3127)},
                "DXXNKBMC": {"missing": (582, 581), "1.72 to 8.11": (3126, 3127)},
                "DXXNKA": {"missing": (582, 581), "3.08 to 7.1": (3126, 3127)},
                "DXXTRBMD": {"missing": (582, 581), "0.291 to 1.216": (3126, 3127)},
                "DXXTRBMC": {"missing": (582, 581), "3.3 to 20.45": (3126, 3127)},
                "DXXTRA": {"missing": (582, 581), "6.77 to 22.47": (3126, 3127)},
                "DXXINBMD": {"missing": (582, 581), "0.389 to 1.802": (3126, 3127)},
                "DXXINBMC": {"missing": (582, 581), "7.08 to 65.7": (3126, 3127)},
                "DXXINA": {"missing": (582, 581), "11.82 to 61.47": (3126, 3127)},
                "DXXWDBMD": {"missing": (582, 581), "0.162 to 1.402": (3126, 3127)},
                "DXXWDBMC": {"missing": (582, 581), "0.18 to 1.81": (3126, 3127)},
                "DXXWDA": {"missing": (582, 581), "0.82 to 1.31": (3126, 3127)},
                "DXAFMRK": {"missing": (582, 581), "1.1207 to 1.1738": (3126, 3127)},
                "DXAFMRD0": {"missing": (582, 581), "36.5708 to 54.2636": (3126, 3127)},
            },
        ),
    }
)
"""Single variables whose figures differ, by table and variable."""
