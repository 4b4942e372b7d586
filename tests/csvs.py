"""Files that may be CSV: any bytes, and lines that come close to being read."""

import os

from hypothesis import settings
from hypothesis import strategies as st

CELLS = (
    "", " ", "unique_id", "ds", "y", "x", "a", "b", "1", "2", "3", "4", "5", "-1", "1e308", "1e999",
    "nan", "NA", "inf", "0x1", "1_0", "1,5", "é", "\x00", '"', '"1"', '""', '"1\n2"', "9" * 400,
    "\u0661",
    "2020-01", "2020-02", "2020-03", "2020-01-31", "2020-02-29", "31/01/2020", "01/02/2020",
    "0000-01", "9999-12", "99999-12", "2020-13", "2020-W01",
    "2020-01-01T00:00+01:00", "2020-01-01T01:00Z",
    "-5-01", "Jan 2020", "1.0", "9007199254740992", "9007199254740993",
    "1.234,5", "1,234", "$5", "5 %", "(3)", "Q1 2020", "2020Q2", "202001", "20200131", "May-20",
    "#", "\ufeff", "\x85", "\u2028",
)  # fmt: skip
rows = st.lists(st.sampled_from(CELLS), min_size=1, max_size=5)
heads = st.sampled_from(
    [["ds", "y"], ["unique_id", "ds", "y"], ["unique_id", "ds", "y", "x"], ["y"]]
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Lines of cells, most of them under a header that will do and as long as it is."""
    head = draw(heads | rows)
    body = st.lists(st.sampled_from(CELLS), min_size=len(head), max_size=len(head)) | rows
    table = [head, *draw(st.lists(body, max_size=6))]
    gap, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(gap.join(row) for row in table)
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))


@st.composite
def counted(draw: st.DrawFn) -> bytes:
    """A regular file in which a few cells were overwritten."""
    step = draw(
        st.sampled_from(
            ["{:04d}-01-01", "2020-{:02d}", "2020-01-{:02d}", "{}", "{}/1/2020", "999{}-01"]
        )
    )
    table = [["a", step.format(i), str(i * i)] for i in range(1, draw(st.integers(2, 8)))]
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.sampled_from(table))
        row[draw(st.integers(0, 2))] = draw(st.sampled_from(CELLS))
    return "\n".join(["unique_id,ds,y", *map(",".join, table)]).encode()


contents = st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | lines() | counted()
fuzz = settings(max_examples=int(os.environ.get("STATEWISE_FUZZ", "200")))
