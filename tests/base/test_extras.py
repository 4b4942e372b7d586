import subprocess
import sys

import pytest

from statewise.base.extras import check_keras, import_extra
from statewise.errors import ExtraError


def test_a_missing_package_names_its_extra() -> None:
    with pytest.raises(ExtraError, match=r"statewise\[keras\]"):
        import_extra("no_such_package", "keras")


@pytest.mark.parametrize("version", ["2.15.0", "3.0.5", "3.4.1"])
def test_an_old_keras_is_refused(version: str) -> None:
    with pytest.raises(ExtraError, match=f"{version}.*older than 3.5"):
        check_keras(version)
    check_keras("3.5.0")
    check_keras("4.0")


def test_without_keras_the_engine_names_the_extra_and_the_rest_works() -> None:
    code = (
        "import sys; sys.modules['keras'] = None\n"
        "from statewise import Network, StateRegime, Training, fit\n"
        "fit(Network(), Training(2), StateRegime(), [[[0.1]], [[0.2]]], [[0.1], [0.2]])\n"
        "from statewise.cli import main\n"
        "sys.exit(main(['tutorial', '--engine', 'keras', '--out', 'nowhere']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Install it: pip install 'statewise[keras]'." in done.stderr
    assert done.stderr.count("\n") == 1
