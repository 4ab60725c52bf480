"""The commands: ``python -m analysis fetch | cohort | check | run | across | compare | ...``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis import __version__
from analysis.errors import AnalysisError

EPILOG = """\
A study is the name of one that comes with the package (python -m analysis check) or the path of a
TOML file of your own. Exit status: 0 done, 2 your input is wrong, 3 data cannot be had or are
damaged, 130 interrupted."""

MODULES = {
    "fetch": "runs",
    "cohort": "runs",
    "run": "runs",
    "demo": "runs",
    "across": "across",
    "check": "studies",
    "compare": "compare",
    "measures": "studies",
    "codebook": "codebook",
    "new": "new",
    "schema": "schema",
}
"""Where in `analysis.commands` each command is."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit status.
    """
    options = parser().parse_args(arguments)
    # The matrices are small: threads of the linear algebra only get in each other's way, and how
    # many there are could change the last bit. It must be said before numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        # Imported late, so that --help answers at once and a check does not wait for statsmodels.
        module = import_module(f"analysis.commands.{MODULES[options.command]}")
        terminal = import_module("analysis.commands.terminal")
        with terminal.at(terminal.volume_of(options)):
            getattr(module, options.command)(options)
        return 0
    except AnalysisError as error:
        print(f"analysis: {error.message}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("\nanalysis: interrupted; run the same command to carry on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (| head); nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m analysis",
        description="A design-based reanalysis of magnesium and vitamin D in NHANES.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = partial(_command, commands)
    add("fetch", "download the files that studies need", "deng_2013", FILES, SOURCE, CYCLES, TOLD)
    add(
        "cohort", "build a study's cohort and print its flow", "deng_2013 --write people.csv",
        FILES, SOURCE, CYCLES, TOLD,
    ).add_argument(
        "--write", type=Path, metavar="FILE",
        help="also write one row a participant to FILE (.csv or .parquet), for your own analyses",
    )  # fmt: skip
    add(
        "check", "check study files and print what they would do; reads no data", "my_study.toml",
        CYCLES, studies="*",
    ).add_argument(
        "--verbose", action="store_true", help="name every table and variable that would be read"
    )  # fmt: skip
    add(
        "run", "run studies from files to reports", "deng_2013 --cycles 2003-2004,2005-2006",
        FILES, SOURCE, CYCLES, OUT, JOBS, TOLD, FRESH,
    )  # fmt: skip
    add(
        "across", "fit a study's main model in each cycle and pool the cycles",
        "deng_2013 --cycles 2001-2002,2003-2004,2005-2006",
        FILES, SOURCE, CYCLES, OUT, TOLD, FRESH,
    )  # fmt: skip
    _add_compare(commands)
    demo = add(
        "demo", "make an artificial survey and run studies on it", "--scale 10",
        FILES, OUT, JOBS, TOLD, FRESH, studies="*",
    )  # fmt: skip
    demo.set_defaults(mirror=None, offline=True, accept_revisions=False, set=[])
    demo.add_argument(
        "--people", type=_positive, default=10_000, metavar="N",
        help="people interviewed in each cycle (10000)",
    )  # fmt: skip
    demo.add_argument("--scale", type=_positive, default=1, metavar="N", help="times as many (1)")
    demo.add_argument("--seed", type=int, metavar="N", help="of the random numbers")
    _add_measures(commands)
    _add_new(commands)
    _add_codebook(commands)
    return top


def _add_compare(commands: argparse._SubParsersAction) -> None:
    compare = commands.add_parser(
        "compare",
        help="print published figures beside the last run's, or what changed between two runs",
        description="With studies: print the published figures beside those of the last run. With "
        "the folders of two runs: print what changed from the first to the second: input files, "
        "versions, the specification, and estimates, the largest change (in standard errors of "
        "the first run) first. A name of a study that comes with the package is that study; "
        "write ./NAME for a folder of this name.",
        epilog="example: python -m analysis compare reports/deng_2013 before/deng_2013",
        parents=(OUT,),
    )
    compare.add_argument(
        "studies", nargs="+", metavar="STUDY|RUN", help="a study, or the folder of a run"
    )
    compare.add_argument("--synthetic", action="store_true", help="of the run on artificial data")
    compare.add_argument(
        "--write", type=Path, metavar="FILE.csv",
        help="also write all estimates of two runs side by side",
    )  # fmt: skip


def _add_measures(commands: argparse._SubParsersAction) -> None:
    measures = commands.add_parser(
        "measures", help="search the measures that study files can name",
        description="Search the measures that study files can name. With the exact name of one: "
        "how it is derived, what it is read from in each cycle, and why others lack it.",
        epilog="example: python -m analysis measures magnesium",
    )  # fmt: skip
    measures.add_argument("word", nargs="?", default="", help="only those that mention it")
    measures.add_argument(
        "--markdown", action="store_true", help="write all of them in full, as docs/measures.md"
    )


def _add_new(commands: argparse._SubParsersAction) -> None:
    """Add the commands for those who write study files."""
    new = commands.add_parser(
        "new", help="begin a study file of your own, from another study or a template",
        description="Begin a study file of your own. It passes check as it is written.",
        epilog="example: python -m analysis new my_study --from deng_2013",
    )  # fmt: skip
    new.add_argument("name", metavar="NAME", help="of the study; the file is NAME.toml, here")
    new.add_argument(
        "--from", dest="origin", metavar="STUDY",
        help="copy this study, by its name or path, without its published figures",
    )  # fmt: skip
    new.add_argument("--cycles", type=_names, metavar="A,B", help="cycles of the new study")
    commands.add_parser(
        "schema", help="write the JSON schema of study files, for editors",
        description="Write the JSON schema of study files to standard output. An editor that knows "
        "it completes keys and measures, and marks what is wrong, while you write.",
        epilog="example: python -m analysis schema > study.schema.json",
    )  # fmt: skip


def _add_codebook(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "codebook",
        help="look variables up in the CDC's codebooks, over all cycles",
        description="Print what the CDC's codebooks say of a variable, cycle by cycle: label, "
        "text, who was asked, and codes with their counts. Searched are the codebooks of every "
        "table that the package's measures are read from, and any other in the folder. Only these "
        "pages are fetched (about 30 MB, once), not the data.",
        epilog="example: python -m analysis codebook DR1TMAGN",
        parents=(FILES, SOURCE, CYCLES, TOLD),
    )
    command.add_argument("variables", nargs="*", metavar="VARIABLE", help="name of a variable")
    command.add_argument(
        "--search", nargs="+", metavar="WORD",
        help="list the variables with all these words in their name, label or text",
    )  # fmt: skip
    command.add_argument("--table", metavar="NAME", help="of one table, for example DEMO_J")


def _command(
    commands: argparse._SubParsersAction,
    name: str,
    text: str,
    example: str,
    *options: argparse.ArgumentParser,
    studies: str = "+",
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example: python -m analysis {name} {example}",
        parents=options,
    )
    command.add_argument("studies", nargs=studies, metavar="STUDY", help="name, or path to a TOML")
    return command


def _option(*names: str, **more: Any) -> argparse.ArgumentParser:
    """Make an option that several commands share."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(*names, **more)
    return shared


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_names.__name__, _positive.__name__ = "list of cycles", "whole number above 0"

FILES = _option(
    "--data", type=Path, default=Path("data_raw"), metavar="DIR",
    help="folder of downloaded files (data_raw)",
)  # fmt: skip
SOURCE = _option(
    "--mirror", metavar="URL|DIR",
    help="take files from here instead of the CDC (default: $NHANES_MIRROR)",
)  # fmt: skip
SOURCE.add_argument(
    "--offline", action="store_true", help="use what is in the folder, and no network"
)
SOURCE.add_argument(
    "--synthetic", action="store_true", help="use an artificial survey; made where it is missing"
)
SOURCE.add_argument(
    "--accept-revisions", action="store_true",
    help="take files that the CDC has revised since they were first fetched",
)  # fmt: skip
CYCLES = _option(
    "--cycles", type=_names, metavar="A,B",
    help="other cycles than the study's own (across: than every one that the study can run in)",
)  # fmt: skip
CYCLES.add_argument(
    "--set", action="append", metavar="PATH=VALUE", default=[],
    help="another value for a key of the study, such as exposure=calcium_total or "
    "exposure.groups=5; may be given several times",
)  # fmt: skip
OUT = _option(
    "--out", type=Path, default=Path("reports"), metavar="DIR",
    help="folder below which each study has its own (reports)",
)  # fmt: skip
TOLD = argparse.ArgumentParser(add_help=False)
_VOLUME = TOLD.add_mutually_exclusive_group()
_VOLUME.add_argument(
    "--quiet", action="store_true", help="print results and errors, and nothing on the way"
)
_VOLUME.add_argument("--verbose", action="store_true", help="also name files and times")
FRESH = _option(
    "--fresh", action="store_true",
    help="estimate everything anew; else what an earlier run of the same program estimated from "
    "the same specification and data is used again",
)  # fmt: skip
JOBS = _option("--jobs", type=_positive, default=1, metavar="N", help="studies side by side (1)")
