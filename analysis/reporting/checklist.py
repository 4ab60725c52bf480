"""The reporting checklist: where items of STROBE and STROBE-nut are answered, and what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.reporting import words
from analysis.reporting.book import Book
from analysis.reporting.document import (
    Block,
    Cell,
    Group,
    Link,
    Paragraph,
    Table,
    Text,
    listing,
    text,
)
from analysis.reporting.facts import RunFacts
from analysis.reporting.strobe import Answer, Item, Known, State, strobe
from analysis.reporting.strobe_nut import strobe_nut
from analysis.reporting.tables import head, words_cell

TITLE = "Reporting checklist"

MARKS: Mapping[State, str] = {
    "answered": "good", "in part": "part", "to be written": "open", "does not apply": "",
}  # fmt: skip
"""The sign that each state is shown with."""

Statement = Mapping[str, Sequence[Item]]
"""Items by the part of a paper that they are about."""


def table(known: Known, key: str, caption: str, items: Statement) -> Table:
    """Tabulate items with what answers them.

    Parameters
    ----------
    known : Known
    key, caption : str
        Of the table.
    items : mapping of str to sequence of Item
        By the part of a paper that they are about.
    """
    body = tuple(
        Group(tuple(_line(item, item.answer(known), known) for item in part), text(name))
        for name, part in items.items()
    )
    heads = head("Item", "What is asked", "State", "Where it is answered", "What a person must add",
                 number_from=9)  # fmt: skip
    return Table(key, text(caption), (tuple(heads),), body, series="supporting", stack=True)


def _line(item: Item, answer: Answer, known: Known) -> tuple[Cell, ...]:
    return (
        words_cell(item.number),
        words_cell(f"{item.asked}."),
        Cell(text(answer.state), mark=MARKS[answer.state]),
        words_cell(_where(answer, known)),
        words_cell(answer.wanted or words.NONE),
    )


def _where(answer: Answer, known: Known) -> Text:
    places = listing(Link(known.titles[key], key) for key in answer.at if key in known.titles)
    said = words.upper_first(answer.said) if not places else answer.said
    if places and said:
        return text(places, f" ({said})")
    return places or text(said or words.NONE)


def counted(known: Known, *statements: Statement) -> dict[State, int]:
    """Count the items by their state."""
    states = [
        item.answer(known).state
        for statement in statements for part in statement.values() for item in part
    ]  # fmt: skip
    return {state: states.count(state) for state in MARKS}


def lead(known: Known, *statements: Statement) -> Paragraph:
    """Say what the checklist is, and how many items are in which state."""
    number = counted(known, *statements)
    said: Mapping[State, tuple[str, str]] = {
        "answered": ("is answered", "are answered"),
        "in part": ("is answered in part", "are answered in part"),
        "to be written": ("is left to the authors", "are left to the authors"),
        "does not apply": ("does not apply", "do not apply"),
    }
    told = listing(
        f"{how_many} {said[state][how_many > 1]}" for state, how_many in number.items() if how_many
    )
    start = (
        "STROBE (von Elm et al. 2007) says what a report of a cross-sectional study should tell, "
        "and STROBE-nut (Lachat et al. 2016) what one of nutrition should tell besides; their "
        f"items are told here in other words. Of the {sum(number.values())}, "
    )
    return Paragraph(text(start, told, "."))


def checklist(book: Book, facts: RunFacts, titles: Mapping[str, str]) -> list[Block]:
    """Fill the checklist from the sections that the report has.

    Parameters
    ----------
    book : Book
        All results.
    facts : RunFacts
        The study's specification.
    titles : mapping of str to str
        Titles of the report's other sections, by key.

    Returns
    -------
    list of Block
    """
    known = Known(book, facts, titles)
    general, of_nutrition = strobe(facts), strobe_nut(known)
    return [
        lead(known, general, of_nutrition),
        table(known, "strobe", "STROBE, items for cross-sectional studies", general),
        table(known, "strobe-nut", "STROBE-nut, items for studies of nutrition", of_nutrition),
    ]
