"""Time how long reports take to open in Chromium, and what they weigh.

    python benchmarks/page.py REPORT [REPORT ...] [--repeat 5] [--phone]

REPORT is a report.html, for example of deng_2013 by this commit and by an earlier one. Pages are
opened in turn, each time in a context of its own, so that none finds what another one left. Times
are from the start of navigation, medians with the least and the most; a page opened before all
others is not counted. ``--phone`` opens them as a phone does: 390 pixels wide and a processor
slowed to a quarter.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "browser"))

from cdp import Browser, find_chromium
from tab import Tab

TIMES = """() => new Promise((done) => {
  const told = () => {
    const [page] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    if (!paint || !page.loadEventEnd) { setTimeout(told, 20); return; }
    done({ "first paint": paint.startTime, "DOM content": page.domContentLoadedEventEnd,
           "loaded": page.loadEventEnd });
  };
  told();
})"""


def opened(browser: Browser, page: Path, *, phone: bool) -> dict[str, float]:
    """Open a page once; milliseconds to each event, and the memory of its script in MB."""
    tab = Tab(browser)
    try:
        tab.screen(390 if phone else 1280, 844 if phone else 900, phone=phone)
        if phone:
            tab.call("Emulation.setCPUThrottlingRate", rate=4)
        tab.open(page.as_uri())
        times: dict[str, float] = tab.run(TIMES)
        heap: dict[str, Any] = tab.call("Runtime.getHeapUsage")
        return {**times, "script MB": heap["usedSize"] / 1e6}
    finally:
        tab.close()


def told(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT")
    parser.add_argument("--repeat", type=int, default=5, help="times each is opened (default: 5)")
    parser.add_argument("--phone", action="store_true", help="a phone's screen and slow processor")
    options = parser.parse_args()
    program = find_chromium()
    if program is None:
        sys.exit("no Chromium is installed")
    pages = [page.resolve(strict=True) for page in options.reports]
    found: dict[Path, list[dict[str, float]]] = {page: [] for page in pages}
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, Path(profile))
        try:
            opened(browser, pages[0], phone=options.phone)
            for _ in range(options.repeat):
                for page in pages:
                    found[page].append(opened(browser, page, phone=options.phone))
        finally:
            browser.close()
    for given, page in zip(options.reports, pages, strict=True):
        print(f"{given}: {page.stat().st_size / 1e6:.2f} MB")
        for name in found[page][0]:
            unit = "" if name == "script MB" else " ms"
            print(f"    {name:<12} {told([one[name] for one in found[page]])}{unit}")


if __name__ == "__main__":
    main()
