"""Compute the artificial survey's truth anew, after a change to model.toml.

.venv/bin/python tools/synthetic_truth.py
"""

import json
from pathlib import Path

from analysis import synthetic
from analysis.synthetic.parameters import model_sha256
from analysis.synthetic.truth import compute


def main() -> None:
    content = {"model_sha256": model_sha256(), **compute()}
    path = Path(synthetic.__file__).with_name("truth.json")
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
