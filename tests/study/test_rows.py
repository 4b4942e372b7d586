import numpy as np

from statewise.study.rows import decode, encode


def test_blobs_say_their_type() -> None:
    for array in (np.arange(3.0), np.arange(3, dtype=np.float32), np.zeros(0), np.arange(2)):
        blob = encode(array)
        assert blob[:3].decode() == array.dtype.newbyteorder("<").str
        np.testing.assert_array_equal(decode(blob), array)
