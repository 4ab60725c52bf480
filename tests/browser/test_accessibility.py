"""Nothing that axe-core calls serious or critical, in light and dark, on desk and phone."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from axe import hold_usable

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        *product(("whole", "described"), (1280, 390), (False, True)),
        # The others are large: what they have on top is seen in two ways out of four.
        *product(("artificial",), (1280,), (False, True)),
        *product(("across",), (390,), (False, True)),
    ],
)
def test_the_page_as_it_opens(
    opened: Any, axe_core: str, name: str, width: int, dark: bool
) -> None:
    hold_usable(opened(name, width, dark=dark), axe_core)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "width"), [("described", 390), ("across", 1280)])
def test_the_page_with_all_unfolded(
    opened: Any, axe_core: str, name: str, width: int, dark: bool
) -> None:
    tab = opened(name, width, dark=dark)
    tab.unfold()
    hold_usable(tab, axe_core)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_use(opened: Any, axe_core: str, width: int, dark: bool) -> None:
    tab = opened("whole", width, dark=dark)
    tab.click("button.sort", 1)
    tab.focus("main .lead .v")
    tab.press("Enter")
    tab.until("() => document.getElementById('source').checkVisibility()")
    hold_usable(tab, axe_core)
