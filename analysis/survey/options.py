"""What a caller may say beside the data: numbers, pairs of them, degrees of freedom, names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.errors import InputError


def stated_df(df: Any) -> float:
    """Take degrees of freedom that a caller states; infinite for the normal distribution.

    Raises
    ------
    InputError
        If they are not a number above 0.
    """
    degrees = number(df, "df")
    if not degrees > 0:
        raise InputError(
            f"degrees of freedom must be above 0, not {degrees:g}",
            remedy="Leave df out for those of the design; math.inf is the normal distribution.",
        )
    return degrees


def number(value: Any, name: str) -> float:
    """Take a number, which may be infinite.

    Raises
    ------
    InputError
        If it is none, or NaN.
    """
    found = numbers(value, name)
    if found.ndim or math.isnan(found):
        raise InputError(f"{name} must be a number, not {value!r}")
    return float(found)


def numbers(values: Any, name: str) -> np.ndarray:
    """Take an array of numbers, of any shape.

    Raises
    ------
    InputError
        If they are none, or rows of several lengths.
    """
    try:
        found = np.asarray(values)
        if found.dtype.kind in "Oiufb" and not _has_text(found):
            return found.astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be of numbers, not {_shown(values)}") from error
    raise InputError(f"{name} must be of numbers, not {_shown(values)}")


def pair(values: Any, name: str) -> tuple[float, float]:
    """Take two numbers, which may be infinite.

    Raises
    ------
    InputError
        If they are not two numbers.
    """
    found = numbers(values, name)
    if found.shape != (2,) or np.isnan(found).any():
        raise InputError(f"{name} must be two numbers, not {_shown(values)}")
    return float(found[0]), float(found[1])


def texts(values: Any, name: str) -> list[str]:
    """Take a text, or a sequence of them, at least one.

    Raises
    ------
    InputError
        If they are none.
    """
    found = [values] if isinstance(values, str) else values
    if (
        not isinstance(found, Sequence)
        or not found
        or not all(isinstance(text, str) for text in found)
    ):
        raise InputError(f"{name} must be one name or more, not {_shown(values)}")
    return list(found)


def _has_text(found: np.ndarray) -> bool:
    return found.dtype.kind == "O" and any(isinstance(each, str) for each in found.ravel())


def _shown(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else f"{text[:57]}..."
