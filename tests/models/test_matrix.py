"""Design matrices from parsed terms."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import InputError
from analysis.grammar import parse_term
from analysis.models.matrix import covariates

NAN = np.nan
FRAME = pd.DataFrame(
    {
        "x": [1.0, 4.0, NAN, 9.0],
        "z": [0.0, 2.0, 3.0, 5.0],
        "sex": pd.Categorical(["Male", "Female", "Male", None], ["Male", "Female"]),
    },
    index=[10, 11, 12, 13],
)
FEMALE = [0, 1, 0, NAN]


def columns(*texts: str) -> dict[str, list[float]]:
    found = covariates(
        [parse_term(text) for text in texts], FRAME, lambda name, k: np.array([1.0, 3.0, 8.0])
    )
    assert found.index.equals(FRAME.index)
    assert (found.dtypes == "float64").all()
    return {name: found[name].tolist() for name in found}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x", {"x": [1, 4, NAN, 9]}),
        ("sex", {"sex[Female]": FEMALE}),
        ("per(x, 2)", {"per(x, 2)": [0.5, 2, NAN, 4.5]}),
        ("center(x, 4)", {"center(x, 4)": [-3, 0, NAN, 5]}),
        ("square(x)", {"square(x)": [1, 16, NAN, 81]}),
        ("sqrt(x)", {"sqrt(x)": [1, 2, NAN, 3]}),
        ("log(x)", {"log(x)": [0, np.log(4), NAN, np.log(9)]}),
        (
            "category(z, 2, 5)",
            {
                "category(z, 2, 5)[2 to below 5]": [0, 1, 1, 0],
                "category(z, 2, 5)[5 or more]": [0, 0, 0, 1],
            },
        ),
        ("category(x, 4)", {"category(x, 4)[4 or more]": [0, 1, NAN, 1]}),
        ("sex:x", {"sex[Female]:x": [0, 4, NAN, NAN]}),
        ("x:z", {"x:z": [0, 8, NAN, 45]}),
    ],
)
def test_terms(text, wanted):
    found = columns(text)
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, err_msg=name)


def test_a_spline_takes_its_knots_from_the_cohort():
    found = columns("spline(z, 3)")
    assert list(found) == ["spline(z, 3)[1]", "spline(z, 3)[2]"]
    np.testing.assert_allclose(found["spline(z, 3)[1]"], FRAME["z"])


def test_terms_stand_in_their_order():
    assert list(columns("z", "sex", "x")) == ["z", "sex[Female]", "x"]
    assert columns() == {}


@pytest.mark.parametrize("text", ["log(z)", "sqrt(center)"])
def test_a_transform_without_a_value_is_refused(text):
    frame = FRAME.assign(center=[-1.0, 1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="1 values of"):
        covariates([parse_term(text)], frame, lambda name, k: np.array([]))
