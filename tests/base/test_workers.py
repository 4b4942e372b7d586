import subprocess
import sys


def test_a_worker_looks_after_its_driver_before_it_imports_what_it_works_with() -> None:
    driver = "import pickle; from statewise.study.executors import start_worker as first; "
    driver += "import sys; sys.stdout.buffer.write(pickle.dumps(first))"
    first = subprocess.run([sys.executable, "-c", driver], capture_output=True, check=True).stdout
    code = "import pickle, sys; pickle.load(sys.stdin.buffer); print('numpy' in sys.modules)"
    worker = [sys.executable, "-c", code]
    said = subprocess.run(worker, input=first, capture_output=True, check=True).stdout
    assert said.split() == [b"False"]
