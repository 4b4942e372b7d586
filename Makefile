# Two commands: `make tutorial` and `make test`. Each sets up .venv first, when it is not up to date.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
DECLARED := pyproject.toml constraints.txt

.PHONY: tutorial test fuzz soak format clean

tutorial: $(VENV)/installed
	$(VENV)/bin/statewise tutorial

test: $(VENV)/installed-test
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m pytest

# Ten thousand odd inputs each: for the readers of data, models, study files and stores, and update.
fuzz: $(VENV)/installed-test
	STATEWISE_FUZZ=10000 $(VENV)/bin/python -m pytest -q -k fuzz tests/data tests/base tests/forecasting tests/study

# A thousand kills of what writes files, some twenty minutes.
soak: $(VENV)/installed-test
	cd benchmarks && ../$(VENV)/bin/python -m soak

format: $(VENV)/installed-test
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "statewise needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(DECLARED) | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-test: $(DECLARED) | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@ $(VENV)/installed
