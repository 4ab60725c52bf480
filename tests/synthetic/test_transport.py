import struct

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.synthetic.transport import TransportWriter, ibm_doubles

# Within the range of an IBM double (5.4e-79 to 7.2e75).
numbers = st.one_of(
    st.just(float("nan")),
    st.just(0.0),
    st.floats(min_value=1e-78, max_value=1e75),
    st.floats(min_value=-1e75, max_value=-1e-78),
)


@pytest.mark.parametrize(
    ("number", "hexadecimal"),
    [
        (0.0, "0000000000000000"),
        (1.0, "4110000000000000"),
        (-1.0, "C110000000000000"),
        (0.5, "4080000000000000"),
        (16.0, "4210000000000000"),
        (-118.625, "C276A00000000000"),
        (0.1, "401999999999999A"),
        (float("nan"), "2E00000000000000"),
    ],
)
def test_known_encodings(number, hexadecimal):
    assert f"{int(ibm_doubles(np.array([number]))[0]):016X}" == hexadecimal


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e76, 1e-80])
def test_numbers_outside_the_format_are_refused(number):
    with pytest.raises(ValueError, match="transport file"):
        ibm_doubles(np.array([number]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=40))
def test_pyreadstat_reads_back_the_same_bits(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("xpt") / "made_up.xpt"
    columns = {name: np.array(v) for name, v in zip("ABC", zip(*rows, strict=True), strict=True)}
    with TransportWriter(path, "MADE_UP", {"A": "First", "B": "Second", "C": "Third"}) as writer:
        writer.write(columns)
    frame, meta = pyreadstat.read_xport(path)
    assert meta.column_names == ["A", "B", "C"]
    assert meta.column_labels == ["First", "Second", "Third"]
    assert meta.table_name == "MADE_UP"
    for name, values in columns.items():
        got = frame[name].to_numpy(dtype=float)
        assert np.array_equal(got, values, equal_nan=True)


def test_pandas_reads_it_too(tmp_path):
    path = tmp_path / "t.xpt"
    values = np.array([1.0, -2.5, 3e9, np.nan])
    with TransportWriter(path, "T", {"X": "A value"}) as writer:
        writer.write({"X": values})
    np.testing.assert_array_equal(pd.read_sas(path)["X"], values)


@pytest.mark.parametrize("cuts", [[7], [1, 2, 3], [5, 5], []])
def test_blocks_make_no_difference(tmp_path, cuts):
    values = np.arange(20.0)
    whole, parts = tmp_path / "whole.xpt", tmp_path / "parts.xpt"
    with TransportWriter(whole, "T", {"X": "", "Y": ""}) as writer:
        writer.write({"X": values, "Y": -values})
    with TransportWriter(parts, "T", {"X": "", "Y": ""}) as writer:
        for part in np.split(values, np.cumsum(cuts) if cuts else []):
            writer.write({"X": part, "Y": -part})
    assert whole.read_bytes() == parts.read_bytes()
    assert len(whole.read_bytes()) % 80 == 0
    assert writer.rows == 20


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        ("T", {"NINELONGX": "name too long"}),
        ("T", {"X": "x" * 41}),
        ("NINELONGX", {"X": ""}),
        ("T", {"X": "µg"}),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, table, labels):
    with pytest.raises(ValueError):
        TransportWriter(tmp_path / "t.xpt", table, labels)


def test_name_records_have_the_published_layout(tmp_path):
    path = tmp_path / "t.xpt"
    with TransportWriter(path, "T", {"A": "first", "BETA": "second"}) as writer:
        writer.write({"A": np.ones(1), "BETA": np.ones(1)})
    second = path.read_bytes()[640 + 140 : 640 + 280]
    kind, _, length, number = struct.unpack(">hhhh", second[:8])
    assert (kind, length, number) == (1, 8, 2)
    assert second[8:16] == b"BETA    "
    assert struct.unpack(">l", second[84:88]) == (8,)  # where it starts in a row


def test_texts_stand_beside_numbers_and_blanks_are_missing(tmp_path):
    path = tmp_path / "t.xpt"
    columns = {
        "NAME": np.array(["1000090001", "", "66"]),
        "X": np.array([1.5, np.nan, -3.0]),
        "SHORT": np.array(["a", "b", "c"]),
    }
    labels = {name: name.lower() for name in columns}
    with TransportWriter(path, "T", labels, {"NAME": 10, "SHORT": 3}) as writer:
        writer.write(columns)
    frame, meta = pyreadstat.read_xport(path)
    assert frame["NAME"].tolist() == ["1000090001", "", "66"]
    assert frame["SHORT"].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(frame["X"], columns["X"])
    assert [meta.variable_storage_width[name] for name in columns] == [10, 8, 3]


def test_a_text_that_does_not_fit_is_refused(tmp_path):
    with (
        TransportWriter(tmp_path / "t.xpt", "T", {"NAME": ""}, {"NAME": 3}) as writer,
        pytest.raises(ValueError, match="longer than the 3 characters"),
    ):
        writer.write({"NAME": np.array(["four"])})
