"""The command that writes the JSON schema of study files."""

from __future__ import annotations

import argparse
import sys

from analysis.cohort.measures import MEASURES
from analysis.study.schema import schema_text


def schema(options: argparse.Namespace) -> None:
    """Write the schema to standard output."""
    sys.stdout.write(schema_text(MEASURES))
