import os
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from statewise.data.files import write_file
from statewise.errors import DataError, SettingError, StatewiseError
from statewise.model.framing import Framing
from statewise.model.network import Adam, Training
from statewise.study import Store, to_document
from statewise.study.file import read
from statewise.study.seen import Adjust
from statewise.study.shards import plan
from statewise.study.template import template
from tests import tomls
from tests.fuzzing import fuzz

DATA = "ds,y\n" + "".join(f"{i},{(i * 7) % 11}\n" for i in range(30))
HEAD = 'data = "data.csv"\ntest_size = 3\nrepeats = 2\n'
ARM = '[[arms]]\nname = "a"\nregime = "stateful"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text(DATA)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_shared_tables_reach_every_arm_and_an_arm_may_differ(folder: Path) -> None:
    text = (
        f'{HEAD}store = "runs/x.db"\ncutoffs = 2\n[training]\nepochs = 7\nbatch_size = 1\n'
        f"[framing]\nlags = 2\n{ARM}"
        '[[arms]]\nname = "b"\nregime = { reset_training = "never", reset_forecast = "never" }\n'
        "[arms.training]\nepochs = 9\n[arms.training.optimizer]\nlearning_rate = 0.1\n"
        '[[hypotheses]]\nkind = "no_worse"\nfirst = "a"\nsecond = "b"\nmargin = 0.02\n'
        'family = "arms"\n'
    )
    study, store = read(write(folder, text))
    assert store == folder / "runs" / "x.db"
    first, second = study.arms
    assert first.model.framing == second.model.framing == Framing(lags=2)
    assert first.model.training == Training(7)
    assert second.model.training == Training(9, optimizer=Adam(0.1))
    assert study.hypotheses[0].claim == "a is no worse than b"
    assert study.hypotheses[0].margin == 0.02
    assert study.hypotheses[0].family == "arms"


def test_the_data_may_be_parquet_with_further_columns(folder: Path) -> None:
    ds = pd.date_range("2020-01", periods=30, freq="MS")
    frame = pd.DataFrame({"ds": ds, "y": range(30), "note": "text"})
    write_file(frame, folder / "data.parquet")
    study, _ = read(write(folder, HEAD.replace(".csv", ".parquet") + ARM))
    assert study.panel.only.ds[:2] == ("2020-01-01", "2020-02-01")


COLUMNS = "ds,y,price,visits,size,name\n" + "".join(
    f"2020-01-{i:02d},{(i * 7) % 11},{i % 3},{i % 5},2,shop\n" for i in range(1, 31)
)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_are_known_ahead_or_not_and_static_or_of_the_calendar(
    folder: Path, kind: str
) -> None:
    (folder / "data.csv").write_text(COLUMNS)
    if kind == "parquet":
        write_file(pd.read_csv(folder / "data.csv", parse_dates=["ds"]), folder / "data.parquet")
    head = f'data = "data.{kind}"\ncolumn = "y"\ntest_size = 3\nrepeats = 2\n'
    fields = 'known = ["price"]\npast = ["visits", "size"]\nstatic = ["name"]\n'
    dates = 'calendar = ["day-of-week"]\nfreq = "D"\n'
    adjust = '[adjust]\nseasons = [7]\ntransform = "none"\n'
    study, _ = read(write(folder, head + fields + dates + adjust + ARM))
    names = ("price", "day-of-week_sin", "day-of-week_cos", "visits", "size", "name=shop")
    assert (study.panel.columns, study.past) == (names, 3)
    assert study.panel.exogenous[1, [0, 3, 5]].tolist() == [2.0, 2.0, 1.0]
    assert study.adjust == Adjust((7,), "none")
    assert study.panel.notes == ()


def test_columns_of_numbers_are_not_ignored_in_silence(folder: Path) -> None:
    (folder / "data.csv").write_text(COLUMNS)
    head = f'column = "y"\n{HEAD}'
    said = "further columns are not looked at: price, visits, size"
    assert read(write(folder, head + ARM))[0].panel.notes == (said,)
    assert read(write(folder, f"past = []\n{head}{ARM}"))[0].panel.notes == ()
    for text, message in (
        ('known = ["prize"]\n', "^known = 'prize': is not a column"),
        ('past = ["prize"]\n', "^past = 'prize': is not a column"),
        ('static = ["prize"]\n', "^static = 'prize': is not a column"),
        ('known = ["price"]\npast = ["price"]\n', "names a column twice"),
        ("known = 3\n", "^known = 3: is a whole number. Give a list"),
    ):
        with pytest.raises(StatewiseError, match=message):
            read(write(folder, text + head + ARM))


def test_errors_of_the_data_name_the_field_of_the_study_file(folder: Path) -> None:
    for field, message in (
        ('column = "z"', "column = 'z': is not a column"),
        ('time_column = "z"', "time_column = 'z': is not a column"),
        ('encoding = "z"', "encoding = 'z': is not a known encoding"),
    ):
        with pytest.raises(StatewiseError, match=f"^{message}"):
            read(write(folder, f"{HEAD}{field}\n{ARM}"))
    with pytest.raises(DataError, match=r"^data = .*none.csv': cannot be read"):
        read(write(folder, HEAD.replace("data.csv", "none.csv") + ARM))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("x = ", DataError, "is not TOML"),
        (HEAD, SettingError, "has no arms"),
        (ARM, SettingError, "has no data"),
        (HEAD + "repeat = 3\n" + ARM, SettingError, "^repeat = 3: .* Did you mean 'repeats'"),
        (HEAD.replace("data.csv", "none.csv") + ARM, DataError, "cannot be read"),
        (HEAD + ARM.replace("stateful", "statefull"), SettingError, "regime = 'statefull'"),
        (HEAD + ARM + '[[hypotheses]]\nkind = "better"\n', SettingError, "has no first"),
        (
            HEAD + ARM + '[[hypotheses]]\nkind = "beats"\nfirst = "a"\nsecond = "naive"\n',
            SettingError,
            "kind = 'beats'",
        ),
        (HEAD + "seed = -1\n" + ARM, SettingError, "seed = -1"),
    ],
)
def test_mistakes_are_named(folder: Path, text: str, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        read(write(folder, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "arms = 1", "^arms = 1: is a whole number. Give a list"),
        (HEAD + "arms = [1, 2]", r"^arms\[0\] = 1: is a whole number. Give a table"),
        (HEAD + "arms = []", r"^arms = \[\]"),
        (HEAD + "hypotheses = [1, 2]\n" + ARM, r"^hypotheses\[0\] = 1: is a whole number"),
        (HEAD + 'network = "x"\n' + ARM, "^network = 'x': is text. Give a table of fields"),
        (HEAD + ARM.replace('"stateful"', "0"), r"^arms\[0\] \('a'\).regime = 0"),
        (HEAD + "encoding = true\n" + ARM, "^encoding = True: is true or false. Give text"),
        (HEAD + "column = 2020-01-01\n" + ARM, "^column = .*: is a date or time. Give text"),
        (HEAD + "keep_loss = -inf\n" + ARM, "^keep_loss = -inf: is a number. Give true or false"),
        (HEAD + "seed = 0x" + "f" * 5000 + "\n" + ARM, "^seed = a number of .*: is too large"),
        (HEAD + ARM + 'training.epochs = "3"', r"^arms\[0\] \('a'\).training.epochs = '3'"),
        (HEAD + "[training]\nepochs = 0\n" + ARM, "^training.epochs = 0"),
        (
            HEAD + f"training.epochs = {10**20 - 1}\n{ARM}",
            "^training.epochs = .* at most 1000000",
        ),
        (HEAD + f"training.epochs = 0\n{ARM}training.epochs = 0", r"\('a'\).training.epochs = 0"),
        (HEAD + f"training.batch_size = 4\n{ARM}", "^training.batch_size = 4: does not divide"),
        (HEAD + "framing.scale = [0, nan]\n" + ARM, r"^framing.scale\[1\] = nan: is not a finite"),
        (HEAD.replace("data.csv", "") + ARM, "^data = .*: cannot be read"),
        (HEAD.replace("data.csv", "a\\u0000b") + ARM, "^data = .*: cannot be read"),
        (HEAD + 'store = ""\n' + ARM, "^store = '': is a folder, or the study file itself"),
        (HEAD + 'store = "mine.toml"\n' + ARM, "^store = 'mine.toml': is a folder, or"),
        (HEAD + 'store = "a\\u0000b"\n' + ARM, "^store = .*: is no path of a file"),
        (HEAD + f'store = "{"x" * 5000}"\n' + ARM, "^store = .*: is no path of a file"),
        (HEAD + "seed = 1\nseed = 2\n" + ARM, "is not TOML"),
        (HEAD + "seed = " + "[" * 5000, "nested too deep"),
        (HEAD + "seed = " + "1" * 5000, "is not TOML"),
    ],
)
def test_types_and_ranges_are_checked_before_anything_runs(
    folder: Path, text: str, message: str
) -> None:
    with pytest.raises(StatewiseError, match=message):
        read(write(folder, text))


def test_only_files_of_text_in_utf_8_are_read(folder: Path) -> None:
    path = folder / "mine.toml"
    path.write_text(HEAD + ARM, encoding="utf-8-sig")
    read(path)  # Notepad writes a mark of the order of bytes
    path.write_text(HEAD + ARM, encoding="utf-16")
    with pytest.raises(DataError, match=r"is not text in UTF-8 .* Save it in UTF-8"):
        read(path)
    with pytest.raises(DataError, match="it is a device or a pipe"):
        read(Path(os.devnull))
    with pytest.raises(DataError, match="cannot be read"):
        read(folder)
    with path.open("wb") as handle:
        handle.truncate(2**30)
    with pytest.raises(DataError, match="it has 1,073,741,824 bytes, and at most"):
        read(path)


def test_errors_of_what_arms_share_stand_where_it_is_shared(folder: Path) -> None:
    text = f"{HEAD}[training]\nbatch_size = 5\n{ARM}[arms.training]\nbatch_size = 4\n"
    with pytest.raises(SettingError, match=r"^arms\[0\] \('a'\).training.batch_size = 4"):
        read(write(folder, text))


def test_the_studies_that_are_damaged_below_are_whole(folder: Path) -> None:
    (folder / "data.csv").write_text(tomls.DATA)
    for text in (
        tomls.text_of(tomls.RICH),
        template(Path("data.csv"), tomls.PLAIN, {"column": "y"}),
    ):
        read(write(folder, text))


@fuzz
@given(tomls.contents)
def test_fuzz_an_odd_file_is_a_study_that_can_be_planned_or_refused_in_words(
    folder: Path, content: bytes
) -> None:
    (folder / "data.csv").write_text(tomls.DATA)
    path = folder / "mine.toml"
    path.write_bytes(content)
    try:
        study, _ = read(path)
    except StatewiseError as error:
        assert str(error)  # noqa: PT017
        return
    assert to_document(study)
    with Store.in_memory() as store:
        assert list(islice(plan(study, store, lambda _: 1000), 100))
