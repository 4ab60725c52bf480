"""Memory and time of the whole demo as the artificial survey grows.

Run it as ``.venv/bin/python benchmarks/scale.py [SCALE ...]`` (by default 1, 10 and 100; the last
needs 3 GB of disk and takes some minutes). Each scale runs in a process and folder of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def run(scale: int) -> tuple[int, dict[str, float], float]:
    """Run the demo once; gives people interviewed, seconds by stage, and peak memory in MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "analysis", "demo", "--scale", str(scale)]
        command += ["--data", str(folder / "data"), "--out", str(folder / "reports")]
        root = Path(__file__).parent.parent
        subprocess.run(command, check=True, capture_output=True, cwd=root)
        record = json.loads((folder / "reports/deng_2013-synthetic/run.json").read_text())
    # Children are measured together: the largest so far, so scales must grow.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return 30_000 * scale, record["seconds"], peak


def main() -> None:
    scales = sorted(map(int, sys.argv[1:])) or [1, 10, 100]
    print(f"{'people':>10} {'peak MB':>8} {'read':>7} {'cohort':>7} {'models':>7}   s")
    print(f"{'':>10} {'':>8} {'':>7} {'':>7} {'':>7}   models, us a person")
    for scale in scales:
        people, seconds, peak = run(scale)
        stages = " ".join(f"{seconds[stage]:7.1f}" for stage in ("read", "cohort", "models"))
        print(f"{people:10,} {peak:8.0f} {stages}   {1e6 * seconds['models'] / people:.0f}")


if __name__ == "__main__":
    main()
