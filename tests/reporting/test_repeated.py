"""Published figures of other cycles than those analysed are told as such."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.reporting import RunFacts, build, repeated

PAPER = ("2001-2002", "2003-2004", "2005-2006")


def taken(facts: RunFacts, cycles: tuple[str, ...], of_paper: tuple[str, ...]) -> RunFacts:
    (reference,) = facts.study.references
    own = (reference.model_copy(update={"cycles": of_paper}),)
    data = facts.study.data.model_copy(update={"cycles": cycles})
    study = facts.study.model_copy(update={"references": own, "data": data})
    return replace(facts, study=study)


@pytest.mark.parametrize(
    ("cycles", "of_paper", "spelled"),
    [
        (("2007-2008", "2009-2010"), PAPER, "2001–2006"),
        (("2003-2004", "2005-2006"), PAPER, "2001–2006"),
        (PAPER, ("2005-2006",), "2005–2006"),
        (PAPER, PAPER, ""),
        (("2007-2008",), (), ""),
    ],
)
def test_figures_of_other_cycles_are_told(deng: Any, cycles: Any, of_paper: Any, spelled: str):
    facts = taken(deng[1], cycles, of_paper)
    told = [each.plain for each in repeated.limitations(facts)]
    if not spelled:
        assert (repeated.note(facts), told) == ("", [])
        return
    assert repeated.note(facts) == f" Those of Deng and colleagues are of NHANES {spelled}."
    assert len(told) == 1
    assert told[0].startswith(
        f"The published figures of Deng and colleagues are of NHANES {spelled}, this study of "
    )


def test_what_changed_in_between_is_named_and_what_changed_within_is_not(deng: Any):
    (told,) = repeated.limitations(taken(deng[1], ("2007-2008", "2009-2010"), PAPER))
    named = told.plain.split("asks or measures: ")[1]
    assert "assay of 25(OH)D" in named
    (within,) = repeated.limitations(taken(deng[1], ("2005-2006", "2007-2008"), PAPER))
    assert "assay of 25(OH)D" not in within.plain


def test_a_report_says_it_beside_the_figures_and_among_the_limits(deng: Any):
    results, facts = deng
    report = build(results, taken(facts, facts.cycles, ("2005-2006",)))
    sections = {section.key: str(section.blocks) for section in report.sections}
    assert "are of NHANES 2005–2006." in sections["published"]
    assert "repeats a finding in other people" in sections["limitations"]
