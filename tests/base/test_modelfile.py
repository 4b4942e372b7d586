import json
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from safetensors.numpy import save as write_tensors

from statewise.base import modelfile
from statewise.base.modelfile import load, save
from statewise.errors import ModelError, OutputError, SettingError
from tests.fuzzing import fuzz

Arrays = dict[str, NDArray[Any]]

ARRAYS: Arrays = {
    "weights": np.linspace(-1.0, 1.0, 24, dtype=np.float32).reshape(2, 3, 4),
    "state": np.arange(6.0).reshape(3, 2),
    "seen": np.array([3, 1, 2]),
    "empty": np.zeros((0, 4), np.float32),
    "scale": np.array(2.5),
}
DOCUMENT = {"units": 3, "names": ["a", "é", "\ud83d"], "framing": {"lags": 12, "log": False}}

dtypes = st.sampled_from(
    ["<f2", "<f4", "<f8", ">f4", ">f8", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "?"]
)
some_arrays = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__"),
    dtypes.flatmap(lambda kind: arrays(kind, array_shapes(min_dims=0, min_side=0, max_side=3))),
    max_size=4,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
documents = st.dictionaries(st.text(), json_values, max_size=4)


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        one[name].shape == other[name].shape
        and one[name].dtype == other[name].dtype.newbyteorder("=")
        and one[name].tobytes() == other[name].astype(one[name].dtype).tobytes()
        for name in one
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save(path, ARRAYS, DOCUMENT)
    return path


@fuzz
@given(some_arrays, documents)
def test_fuzz_what_is_saved_is_read_back(
    tmp_path: Path, held: Arrays, document: dict[str, Any]
) -> None:
    path = tmp_path / "model"
    save(path, held, document)
    found, read = load(path)
    assert same(found, held)
    assert read == document


def test_arrays_may_be_views_and_are_the_readers_own(tmp_path: Path) -> None:
    wide = np.arange(24.0).reshape(4, 6)
    save(tmp_path / "model", {"columns": wide[:, ::2], "turned": wide.T}, {})
    found, _ = load(tmp_path / "model")
    np.testing.assert_array_equal(found["columns"], wide[:, ::2])
    np.testing.assert_array_equal(found["turned"], wide.T)
    found["turned"][0, 0] = -1.0


def test_the_file_is_little_more_than_the_arrays(tmp_path: Path) -> None:
    array = np.zeros(100_000, np.float32)
    save(tmp_path / "model", {"weights": array}, DOCUMENT)
    assert (tmp_path / "model").stat().st_size < array.nbytes + 2000


@fuzz
@given(st.data())
def test_fuzz_a_changed_file_is_refused(saved: Path, data: st.DataObject) -> None:
    whole = saved.read_bytes()
    changed = bytearray(whole)
    match data.draw(st.sampled_from(["flip", "cut", "overwrite", "insert", "append"])):
        case "flip":
            bit = data.draw(st.integers(0, 8 * len(whole) - 1))
            changed[bit // 8] ^= 1 << bit % 8
        case "cut":
            del changed[data.draw(st.integers(0, len(whole) - 1)) :]
        case "overwrite":
            start = data.draw(st.integers(0, len(whole) - 1))
            piece = data.draw(st.binary(min_size=1, max_size=9))
            changed[start : start + len(piece)] = piece
        case "insert":
            start = data.draw(st.integers(0, len(whole)))
            changed[start:start] = data.draw(st.binary(min_size=1, max_size=9))
        case "append":
            changed += data.draw(st.binary(min_size=1, max_size=9))
    path = saved.with_name("changed")
    path.write_bytes(changed)
    try:
        found, document = load(path)
    except ModelError:
        return
    # Only spaces, another spelling of the same JSON, and no change at all may pass.
    assert same(found, ARRAYS)
    assert document == DOCUMENT


@fuzz
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(content=b"")
@example(content=struct.pack("<Q", 2**64 - 1) + b"{}")
@example(content=struct.pack("<Q", 2) + b"[]")
@example(content=struct.pack("<Q", 200_000) + b"[" * 200_000)
@example(content=b"\x80\x04\x95\x00")
def test_fuzz_any_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a model that statewise saved"):
        load(path)


headers = st.recursive(
    st.none()
    | st.integers(-1, 2**64)
    | st.sampled_from(
        ["F32", "F64", "BF16", "I64", "F8_E4M3", "C64", "1", "", "x", "statewise-model"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", "a"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@fuzz
@given(
    entries=st.dictionaries(st.sampled_from(["a", "b", ""]), headers, max_size=3),
    metadata=st.dictionaries(st.sampled_from(["document", "checksum", "version"]), headers),
    tail=st.binary(max_size=40),
)
@example(
    entries={"a": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 2**43]}},
    metadata={},
    tail=b"",
)
@example(
    entries={"a": {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 0]}},
    metadata={},
    tail=b"",
)
@example(
    entries={"a": {"dtype": "F64", "shape": [0, 2**63], "data_offsets": [0, 0]}},
    metadata={},
    tail=b"",
)
@example(
    entries={"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, metadata={}, tail=b"ab"
)
def test_fuzz_a_header_that_comes_close_is_refused_in_words(
    tmp_path: Path, entries: dict[str, Any], metadata: dict[str, Any], tail: bytes
) -> None:
    known = {"format": "statewise-model", "version": "1", "document": "{}", "checksum": "0"}
    header = json.dumps({"__metadata__": known | metadata, **entries}).encode()
    path = tmp_path / "close"
    path.write_bytes(struct.pack("<Q", len(header)) + header + tail)
    with pytest.raises(ModelError, match=r"damaged|of version"):
        load(path)


def test_a_huge_declared_size_takes_no_memory(tmp_path: Path) -> None:
    entry = {"dtype": "F64", "shape": [2**36], "data_offsets": [0, 2**39]}
    known = {"format": "statewise-model", "version": "1", "document": "{}", "checksum": "0"}
    header = json.dumps({"__metadata__": known, "a": entry}).encode()
    path = tmp_path / "huge"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="is truncated or damaged"):
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB


def forged(path: Path, text: str, version: str = "1") -> Path:
    """A file whose checksum is right, as a careful forger would write it."""
    checksum = modelfile.checksum({}, text)
    metadata = {
        "format": "statewise-model", "version": version, "document": text, "checksum": checksum,
    }  # fmt: skip
    path.write_bytes(write_tensors({}, metadata))
    return path


@pytest.mark.parametrize("text", ["[]", "1", "{", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_a_forged_document_is_refused(tmp_path: Path, text: str) -> None:
    assert load(forged(tmp_path / "model", '{"a": 1}')) == ({}, {"a": 1})
    with pytest.raises(ModelError, match="its document cannot be read"):
        load(forged(tmp_path / "model", text))


def test_a_newer_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"of version 2 .* reads 1\. Update statewise"):
        load(forged(tmp_path / "model", "{}", version="2"))


def test_tampering_with_a_weight_is_found(saved: Path) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"damaged \(its checksum is another\)"):
        load(saved)


def test_a_truncated_file_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(ModelError, match="is truncated or damaged"):
        load(saved)


def test_a_file_of_another_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(write_tensors({"a": np.ones(3)}, {"format": "pt"}))
    with pytest.raises(ModelError, match="is not a model that statewise saved"):
        load(tmp_path / "model")


@pytest.mark.parametrize("name", ["absent", ".", "a\0b", "x" * 300])
def test_a_path_that_is_no_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("arrays", "document", "message"),
    [
        ({"a": np.array(["text"])}, {}, r"arrays\['a'\]"),
        ({"a": np.array([None])}, {}, r"arrays\['a'\]"),
        ({"a": np.ones(2, np.complex64)}, {}, r"arrays\['a'\]"),
        ({"a": np.ones(2, np.longdouble)}, {}, r"arrays\['a'\]"),
        ({"__metadata__": np.ones(2)}, {}, "is not a name"),
        ({1: np.ones(2)}, {}, "is not a name"),
        ({}, {"a": float("nan")}, "is not what JSON can hold"),
        ({}, {"a": np.ones(2)}, "is not what JSON can hold"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_written(
    tmp_path: Path, arrays: Any, document: Any, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        save(tmp_path / "model", arrays, document)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_the_old_one(saved: Path) -> None:
    with pytest.raises(OutputError):
        save(saved / "inside", ARRAYS, DOCUMENT)
    with pytest.raises(OutputError):
        save(saved.parent, ARRAYS, DOCUMENT)
    assert same(load(saved)[0], ARRAYS)
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_a_full_disk_leaves_the_old_file(saved: Path) -> None:
    program = (
        "import resource, sys; import numpy as np\n"
        "from statewise.errors import OutputError\n"
        "from statewise.base.modelfile import save\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: save(sys.argv[1], {'a': np.zeros(1000)}, {})\n"
        "except OutputError as error: print(error)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, saved], capture_output=True, text=True, check=True
    )
    assert "model file = " in found.stdout
    assert "could not be written (File too large)" in found.stdout
    assert same(load(saved)[0], ARRAYS)
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_two_saves_of_one_model_are_equal_to_the_byte(tmp_path: Path) -> None:
    arrays = {f"array-{i}": np.arange(i + 1.0) for i in range(5)}
    document = {"name": "Z\u00fcrich", "list": [1, 2], "text": 'a "quoted" \\ word'}
    contents = set()
    for i in range(20):
        path = tmp_path / f"{i}.safetensors"
        save(path, arrays, document)
        contents.add(path.read_bytes())
    assert len(contents) == 1
    assert load(path)[1] == document
