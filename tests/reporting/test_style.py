"""The palette can be told apart: on paper, in grey, and by the colour-blind."""

from itertools import combinations

import numpy as np
import pytest

from analysis.reporting.style import INK, LEGEND, MARKERS, MUTED, PAPER, SERIES, legend_columns

SEEN_BY = {
    "everyone": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopes": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""From linear RGB to what is seen of it: Machado, Oliveira and Fernandes (2009,
https://doi.org/10.1109/TVCG.2009.113), severity 1."""

TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]
"""sRGB's primaries with its white, D65 (IEC 61966-2-1)."""


def linear(colour: str) -> np.ndarray:
    coded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def contrast(colour: str, ground: str) -> float:
    """WCAG's ratio of relative luminances."""
    light = sorted(float(np.dot(TO_XYZ[1], linear(each))) + 0.05 for each in (colour, ground))
    return light[1] / light[0]


def lab(seen: np.ndarray) -> np.ndarray:
    white = np.array(TO_XYZ) @ np.ones(3)
    part = np.array(TO_XYZ) @ np.clip(seen, 0, 1) / white
    bent = np.where(part > 216 / 24389, np.cbrt(part), (24389 / 27 * part + 16) / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


@pytest.mark.parametrize(("colours", "least"), [(SERIES, 3.0), ((INK, MUTED), 4.5)])
def test_lines_and_words_stand_out_from_paper(colours, least):
    """WCAG 2.2, 1.4.11 for graphics and 1.4.3 for text."""
    assert {each: contrast(each, PAPER) for each in colours if contrast(each, PAPER) < least} == {}


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_the_two_colours_that_nearly_all_figures_use_differ_to_all_eyes(eyes):
    """Blue and orange mark two outcomes, or intervals below and above none."""
    matrix = np.array(SEEN_BY[eyes])
    first, second = (lab(matrix @ linear(each)) for each in SERIES[:2])
    assert np.linalg.norm(first - second) > 50  # about 2 can be seen at all, in CIE 1976 units


def test_series_that_look_alike_in_grey_differ_by_marker():
    """All have about the same lightness, so that none stands out: the marker must tell them."""
    assert len(MARKERS) == len(SERIES)
    assert all(one != other for one, other in combinations(MARKERS, 2))


@pytest.mark.parametrize(
    ("letters", "wide", "across"),
    [
        ((5, 11, 32, 24, 20, 4), True, 4), ((5, 11, 4), True, 3), ((5, 11, 4), False, 3),
        ((5, 11, 32, 24, 20, 4), False, 1), ((60, 60), True, 1), ((4,), True, 1), ((), True, 1),
    ],
)  # fmt: skip
def test_a_legend_has_the_columns_that_its_labels_leave_room_for(letters, wide, across):
    labels = ["x" * number for number in letters]
    assert legend_columns(labels, wide=wide) == across
    assert max(letters, default=0) <= LEGEND[wide]
