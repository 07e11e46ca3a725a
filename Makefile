# Targets create .venv themselves and are quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: setup demo test test-quick test-long check bench docs clean

setup: $(STAMP)

# PyTorch first and alone: a plain "torch" from another package's needs would bring CUDA.
$(STAMP): pyproject.toml constraints.txt tools/clients.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tools/clients.txt
	touch $(STAMP)

demo: setup
	$(BIN)/hone demo demo

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-quick: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not loop" -q

test-long: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "long" -q

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m tools.build_docs --check

docs: setup
	$(BIN)/python -m tools.build_docs

bench: setup
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) demo .pytest_cache .ruff_cache .hypothesis
