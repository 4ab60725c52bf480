"""axe-core, which looks for what keeps people from using a page: fetched once, checked, kept.

It is no dependency of the package: npm's registry has it, and its hash says that it is the one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from tab import Tab

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
CACHE = Path(__file__).parent.parent.parent / ".cache"

SEVERE = ("serious", "critical")

BY_COLOUR = ("color-contrast", "link-in-text-block")
"""The rules whose answer may differ between a light page and a dark one."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

RUN = """async (tags, rules) => {
  const found = await axe.run(document, {
    ...(rules.length ? { runOnly: { type: "rule", values: rules } } : {
      runOnly: { type: "tag", values: tags },
      rules: { "target-size": { enabled: true } },
    }),
    resultTypes: ["violations"],
    elementRef: false,
  });
  return found.violations.map((one) => ({
    rule: one.id, impact: one.impact, help: one.help, found: one.nodes.length,
    where: one.nodes.slice(0, 5).map((node) => `${node.target}: ${node.html.slice(0, 160)}`),
    why: one.nodes[0].failureSummary,
  }));
}"""


class NotFetchedError(Exception):
    """axe-core is not there and could not be had."""


def fetch(cache: Path = CACHE) -> str:
    """Give axe-core's script, from the cache or else from npm's registry.

    Raises
    ------
    NotFetchedError
        If npm is not installed, cannot reach its registry, or gives other bytes.
    """
    cache.mkdir(exist_ok=True)
    kept = cache / f"axe-core-{VERSION}.tgz"
    with FileLock(f"{kept}.lock"):
        if not kept.exists() or not _is_whole(kept.read_bytes()):
            kept.unlink(missing_ok=True)
            _download(kept)
        packed = kept.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


def violations(tab: Tab, script: str, rules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Look a page over, as it is seen at this moment.

    Parameters
    ----------
    tab : Tab
        The page.
    script : str
        What `fetch` gave.
    rules : sequence of str, optional
        These rules only; none given, all of WCAG 2.2 A and AA and best practice.

    Returns
    -------
    list of dict
        ``rule``, ``impact`` (minor, moderate, serious, critical), ``help``, how many elements
        were ``found``, and ``where`` the first few are.
    """
    # The value of the script itself would be axe, which is no JSON.
    tab.run("() => { " + script + "\n}")
    found: list[dict[str, Any]] = tab.run(RUN, TAGS, list(rules))
    return found


def hold_usable(tab: Tab, script: str, rules: Sequence[str] = ()) -> None:
    """Hold that axe-core finds nothing that keeps people from using the page."""
    found = [one for one in violations(tab, script, rules) if one["impact"] in SEVERE]
    told = [f"{one['impact']} {one['rule']} ({one['found']}): {one['help']}\n  "
            + "\n  ".join(one["where"]) + f"\n  {one['why']}" for one in found]  # fmt: skip
    assert not found, "\n".join(told)


def _is_whole(packed: bytes) -> bool:
    return base64.b64encode(hashlib.sha512(packed).digest()).decode() == SHA512


def _download(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetchedError("npm is not installed")
    with tempfile.TemporaryDirectory(dir=kept.parent) as name:
        ran = subprocess.run(
            [npm, "pack", "--silent", f"axe-core@{VERSION}"],
            cwd=name, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        got = Path(name) / kept.name
        if ran.returncode or not got.exists():
            said = (ran.stderr or ran.stdout).strip().splitlines() or ["no reason given"]
            raise NotFetchedError(f"npm could not fetch axe-core {VERSION}: {said[-1]}")
        if not _is_whole(got.read_bytes()):
            raise NotFetchedError(f"what npm gave for axe-core {VERSION} has another SHA-512")
        got.replace(kept)
