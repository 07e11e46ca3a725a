# Targets create .venv themselves and are quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

IMAGE ?= hone-worker
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: setup demo test test-quick test-long check bench docs image clean

setup: $(STAMP)

# PyTorch first and alone: a plain "torch" from another package's needs would bring CUDA.
$(STAMP): pyproject.toml constraints.txt tools/clients.txt
	@# One that was copied from another system is there and does not run.
	@$(BIN)/python -c "" 2>/dev/null || test ! -e $(VENV) || \
		echo "$(VENV) was made on another system, or is broken: making it anew." >&2
	$(BIN)/python -c "" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tools/clients.txt
	touch $(STAMP)

demo: setup
	$(BIN)/hone demo demo

# Hundreds of processes of Hone begin in a test run: each would compile all of it again where no
# compiled files may be written.
TESTING := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=
# What is tested in under a minute: no process is started and nothing is trained.
UNITS := records rendering tasks formats metrics importers generators

test: setup
	$(TESTING) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-quick: setup
	$(TESTING) $(BIN)/python -m pytest -n $(WORKERS) $(UNITS:%=tests/%) -m "not loop" -q

test-long: setup
	$(TESTING) $(BIN)/python -m pytest -m "long" -q

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m tools.build_docs --check

docs: setup
	$(BIN)/python -m tools.build_docs

bench: setup
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# The worker of serverless endpoints (docker/README.md).
image:
	docker build -f docker/Dockerfile -t $(IMAGE):$(VERSION) .

clean:
	rm -rf $(VENV) demo .pytest_cache .ruff_cache .hypothesis
