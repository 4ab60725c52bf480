"""The small grammar in which study files write conditions and model terms.

Text is split into tokens, parsed into a tree of frozen dataclasses, checked and walked. Nothing
in it is ever handed to Python, pandas or a formula library for evaluation; what the grammar does
not know is refused with its place.

Conditions
----------
``age >= 20 and sex in ('Male', 'Female') and not missing(bmi)``: comparisons
(``== != < <= > >=``, also chained as in ``12 <= x < 20``), ``in (...)``, ``not in (...)``,
``missing(x)``, ``and``, ``or``, ``not`` and parentheses, over names, numbers and quoted text.

Terms
-----
``age``, ``log(x)``, ``sqrt(x)``, ``square(x)``, ``per(x, 100)``, ``center(x, 50)``,
``spline(x, 4)``, ``category(x, 18.5, 25, 30)``, and interactions of these: ``sex:per(x, 100)``.

Names are made of ``a-z``, ``0-9`` and ``_`` and begin with a letter.
"""

from analysis.grammar.conditions import Condition, parse_condition
from analysis.grammar.terms import Interaction, Term, Transform, intervals, parse_term
from analysis.grammar.tokens import MAX_DEPTH, MAX_LENGTH, MeasureLike, Name, suggestion

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "Condition",
    "Interaction",
    "MeasureLike",
    "Name",
    "Term",
    "Transform",
    "intervals",
    "parse_condition",
    "parse_term",
    "suggestion",
]
