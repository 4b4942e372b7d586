"""Rows of a store: bytes that say their type, and checksums that tell what was altered."""

import numpy as np
import pytest

from statewise.study.rows import (
    Cell,
    CellRuns,
    Columns,
    altered,
    decode,
    encode,
    is_whole,
    rows_of,
    runs_of,
    with_checksum,
)

CELL = Cell("k", "arm", "series", 24, "r:")


def test_blobs_say_their_type() -> None:
    for kind, name in ((np.float64, b"<f8"), (np.float32, b"<f4")):
        for shape in ((3, 4), (2, 0)):
            array = np.full(shape, 0.1, kind)
            assert {blob[:3] for blob in encode(array)} == {name}
            np.testing.assert_array_equal(decode(encode(array), kind), array)
    assert decode([], np.float64).shape == (0, 0)


@pytest.mark.parametrize(
    "blobs",
    [[b""], [b"O8!" + bytes(8)], [b"<f4" + bytes(8)], [b"<f8" + bytes(8), b"<f8"], [b"<f8" + b"1"]],
)
def test_bytes_of_another_form_are_no_array(blobs: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"types or lengths|divisor"):
        decode(blobs, np.float64)


def test_what_is_changed_of_a_run_or_of_its_cell_is_seen() -> None:
    rng = np.random.default_rng(1)
    part = CellRuns(
        CELL,
        np.arange(5),
        rng.normal(size=5),
        np.zeros(5, np.int32),
        rng.normal(size=(5, 3)),
        rng.normal(size=(5, 4)).astype(np.float32),
    )
    rows = ((id_ - (7 << 32), *rest) for id_, *rest in rows_of(7, CELL, part))
    columns = Columns(*zip(*rows, strict=True))
    assert altered(7, CELL, columns) == []
    np.testing.assert_array_equal(runs_of(CELL, columns).forecasts, part.forecasts)
    for field in range(len(columns)):
        was = columns[field][3]
        for value in ("text", None, 1, 2.5, b"O8!", b"<f8" + bytes(16), 1 << 70):
            column = [*columns[field][:3], value, *columns[field][4:]]
            changed = columns._replace(**{Columns._fields[field]: column})
            assert altered(7, CELL, changed) == ([3] if value != was else [])
    # Bytes that pass from one blob to its neighbour.
    forecasts, loss = columns.forecasts[3], columns.loss[3]
    moved = columns._replace(
        forecasts=[*columns.forecasts[:3], forecasts + loss[:4], columns.forecasts[4]],
        loss=[*columns.loss[:3], loss[4:], columns.loss[4]],
    )
    assert altered(7, CELL, moved) == [3]
    for other in (CELL._replace(arm="b"), CELL._replace(cutoff=25), CELL._replace(restarts="")):
        assert altered(7, other, columns) == [0, 1, 2, 3, 4]
    assert altered(8, CELL, columns) == [0, 1, 2, 3, 4]


def test_rows_of_the_other_tables_are_whole_or_not() -> None:
    row = with_checksum("cell", 1, *CELL, 5)
    assert is_whole("cell", row)
    assert not is_whole("total", row)
    for i in range(len(row)):
        for value in (b"\xff", None, "other", 99, 1.5):
            assert not is_whole("cell", (*row[:i], value, *row[i + 1 :]))
