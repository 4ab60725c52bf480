"""From the results table to tables, figures and a page; computes no estimate.

`write_report` takes the tidy results and a `RunFacts` and writes ``results.csv``, ``figures/``,
``tables/``, ``report.pdf``, ``report.docx`` and ``report.html``. `document` holds what a report
is made of, so that another format needs only one more renderer.
"""

from analysis.reporting.facts import RunFacts, StudyLike
from analysis.reporting.sections import build
from analysis.reporting.write import write_report

__all__ = ["RunFacts", "StudyLike", "build", "write_report"]
