"""How far a run is: bars on a terminal, lines in a log, nothing where all is to be quiet."""

import io

import pytest
from rich.console import Console

from analysis.commands import terminal
from analysis.commands.progress import EVERY, StudyTeller
from analysis.commands.terminal import Volume, at, log, volume
from analysis.telling import Teller, teller


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_log() -> tuple[io.StringIO, Console]:
    file = io.StringIO()
    return file, Console(file=file, width=80, force_terminal=False, soft_wrap=True)


def a_terminal() -> tuple[io.StringIO, Console]:
    file = io.StringIO()
    return file, Console(file=file, width=80, force_terminal=True, color_system=None)


def test_a_log_has_a_line_a_stage_and_now_and_then_how_far_it_is():
    file, console = a_log()
    clock = Clock()
    with StudyTeller(console, "deng_2013", clock=clock) as say:
        say("estimating [all]")
        for done in range(0, 1000, 100):
            clock.now += EVERY / 4
            say.step("specifications", done, 9216)
        say("writing the report")
    assert file.getvalue().splitlines() == [
        "deng_2013: estimating [all]", "deng_2013: 300 of 9,216 specifications",
        "deng_2013: 700 of 9,216 specifications", "deng_2013: writing the report",
    ]  # fmt: skip


def test_a_terminal_has_a_bar_and_the_lines():
    file, console = a_terminal()
    with StudyTeller(console, "deng_2013") as say:
        say("estimating")
        say.step("specifications", 512, 9216)
        say._bar.refresh()
        shown = file.getvalue()
        say("writing the report")
        say._bar.refresh()
        last = file.getvalue().split("\r")[-1]
        assert "writing the report" in last and "specifications" not in last and "9,216" not in last
    assert "512/9,216" in shown and "specifications ━" in " ".join(shown.split())
    lines = [f"deng_2013: {text}" for text in ("estimating", "writing the report")]
    assert all(f"{line}\n" in file.getvalue() for line in lines)


def test_a_terminal_is_left_as_it_was_after_ctrl_c():
    file, console = a_terminal()
    with pytest.raises(KeyboardInterrupt), StudyTeller(console, "a") as say:
        say.step("imputed sets", 1, 10)
        raise KeyboardInterrupt
    shown = file.getvalue()
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor stays hidden"


def test_several_processes_draw_no_bars():
    file, console = a_terminal()
    with StudyTeller(console, "a", bars=False) as say:
        say("estimating")
        say.step("imputed sets", 1, 10)
    assert file.getvalue() == "a: estimating\n"


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (Volume.QUIET, ""), (Volume.NORMAL, "a: estimating\n"),
        (Volume.VERBOSE, "a: estimating\na: read DEMO.xpt\n"),
    ],
)  # fmt: skip
def test_how_much_is_said(level, said, capsys):
    with at(level):
        with StudyTeller(log(), "a") as say:
            say("estimating")
            say.detail("read DEMO.xpt")
        terminal.line(terminal.out(), "the result")
    streams = capsys.readouterr()
    assert (streams.out, streams.err) == ("the result\n", said)
    assert volume() is Volume.NORMAL


def test_a_function_that_takes_lines_will_do():
    lines: list[str] = []
    say = teller(lines.append)
    say("one")
    say.step("sets", 1, 2)
    say.detail("two")
    assert lines == ["one"]
    assert teller(say) is say and Teller()("nobody hears") is None
