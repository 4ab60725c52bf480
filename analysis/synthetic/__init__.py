"""An artificial survey in NHANES's own file formats, drawn from a model whose truth is known.

Nothing in it comes from a participant's record: `model.toml` holds every parameter, most of them
published margins or rounded aggregates.
"""

from analysis.synthetic.survey import (
    MANIFEST,
    Manifest,
    is_artificial,
    is_synthetic,
    write_survey,
)
from analysis.synthetic.truth import Truth, truth

__all__ = [
    "MANIFEST",
    "Manifest",
    "Truth",
    "is_artificial",
    "is_synthetic",
    "truth",
    "write_survey",
]
