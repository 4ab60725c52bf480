"""The errors that a user can do something about, each with its exit status.

Whatever else is raised is a defect of this package and keeps its traceback.
"""

from __future__ import annotations


class AnalysisError(Exception):
    """An error told in one message: what, where, and what to do next.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without its full stop.
    where : str, optional
        The file, line, key, table or column at fault.
    remedy : str, optional
        What the user can do next.

    Attributes
    ----------
    exit_status : int
        The status with which the command line ends.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message, its parts on lines of their own."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n{self.remedy}" if self.remedy else head


class InputError(AnalysisError):
    """The user's input is wrong: a study file, an option, a design (exit status 2)."""

    exit_status = 2


class DataError(AnalysisError):
    """Data cannot be had or are damaged (exit status 3)."""

    exit_status = 3
