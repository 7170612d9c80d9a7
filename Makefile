# Two commands do everything on a fresh machine: `make report` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA_DIR ?= ../shared/data
# Runs over many seeds, from which the gate's error rates are measured: those of `make bench` itself.
RUNS_DIR ?= build/bench/runs
SYSTEM_PACKAGES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
# Constraints make an environment repeatable; `make … CONSTRAINTS=` takes the newest of everything.
CONSTRAINTS ?= constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))

.PHONY: report test lint types docs gold samples pictures bench bench-store test-lowest audit fuzz dist release-check clean

report: $(VENV)/.installed
	@$(BIN)/labreport build $(ARGS)

# One process of tests more than two processors have work for, as some of them wait for a browser or for a program.
# The files that take longest come first (tests/conftest.py); xdist would put those with the most tests there.
TESTS := -m pytest -q --numprocesses 3 --dist loadfile --no-loadscope-reorder

# The tests start many processes: none of them is to compile again what another one compiled (empty: bytecode is kept).
test test-lowest: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.installed-test lint types
	@$(BIN)/python $(TESTS) $(ARGS)

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: $(VENV)/.installed-test
	@$(BIN)/mypy --cache-dir $(VENV)/mypy

# Builds the documentation as HTML into build/docs; a link that leads nowhere is an error.
docs: $(VENV)/.installed-test
	@$(BIN)/python docs/build.py build/docs

# Rewrites the gold files from what the code gives now; read the diff before you commit it.
gold: $(VENV)/.installed-test
	@UPDATE_GOLD=1 $(BIN)/python -m pytest -q tests/report/test_gold.py

# Rebuilds the embedded samples from the full sets, bit for bit.
samples: $(VENV)/.installed
	@$(BIN)/python -m labreport.experiments.data.samples.rebuild --data-dir $(DATA_DIR)

# Runs the tests with the oldest versions that pyproject.toml allows. Old packages warn about newer ones below them.
test-lowest: $(VENV)/.system-test
	@$(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip install --quiet uv
	@.venv-lowest/bin/uv pip install --quiet --compile-bytecode --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	@.venv-lowest/bin/python $(TESTS) -W default $(ARGS)

# Attacks the tool with thousands of hostile inputs, other ones each time, and kills it hundreds of times: about
# an hour. What fails is put into tests/fuzz/corpus, where the tests try it from then on.
fuzz: $(VENV)/.installed-test
	@PYTHONPATH=tests $(BIN)/python -m fuzz.attack --inputs 500 --kills 600 $(ARGS)

# Looks for known vulnerabilities in the exact versions of constraints.txt, in an environment of its own; a package of
# which nothing is known is no package without faults (--strict).
audit:
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	@.venv-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

# Builds wheel and sdist into dist/, and checks that their metadata can be shown.
dist:
	@$(PYTHON) -m venv .venv-dist
	@.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check build twine
	@rm -rf dist && .venv-dist/bin/python -m build --outdir dist . >/dev/null
	@.venv-dist/bin/twine check --strict dist/*

# Refuses a tag that is not the version, or release notes that do not name it or were not moved out of changes/.
release-check:
	@grep -qx 'version = "$(TAG:v%=%)"' pyproject.toml || { echo "The tag $(TAG) is not the version in pyproject.toml." >&2; exit 1; }
	@grep -q '^## $(TAG:v%=%)' CHANGELOG.md || { echo "CHANGELOG.md does not name $(TAG:v%=%)." >&2; exit 1; }
	@test -z "$$(ls changes | grep -v README.md)" || { echo "changes/ still holds fragments: run towncrier build." >&2; exit 1; }

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh .ci/system-packages python3-venv
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.system: $(VENV)/bin/python
	@ldconfig -p 2>/dev/null | grep -q libharfbuzz-subset && ldconfig -p | grep -q libpangoft2 \
	  || sh .ci/system-packages $(SYSTEM_PACKAGES)
	@touch $@

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS) $(VENV)/.system
	@echo "Installing labreport and what it needs into $(VENV) (TensorFlow takes about a minute) …" >&2
	@$(PIP) --editable ".[all]"
	@touch $@

# The tests of the pages drive Chromium; where it can't be had they are skipped, with that reason.
$(VENV)/.system-test: $(VENV)/.system
	@command -v chromium >/dev/null || sh .ci/system-packages chromium
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed $(VENV)/.system-test
	@$(PIP) --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-lowest .venv-audit .venv-dist build dist *.egg-info runs reports

# Measures the engine against plain Keras, and the gate's error rates; needs the full data. Writes into build/bench.
bench: $(VENV)/.installed-test
	@$(BIN)/python tests/benchmarks/bench.py --data-dir $(DATA_DIR) --output build/bench
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.error_rates --runs-dir $(RUNS_DIR) | tee build/bench/error-rates.md
	@$(BIN)/python tests/benchmarks/render_bench.py --output build/bench

# Measures a store of 100 000 runs, which is made once and kept (2.4 GB); takes about half an hour.
bench-store: $(VENV)/.installed-test
	@$(BIN)/python tests/benchmarks/store_bench.py

# Makes the pictures of the README from a report on the samples.
pictures: $(VENV)/.installed
	@command -v pdftoppm >/dev/null || sh .ci/system-packages poppler-utils
	@$(BIN)/labreport build --data sample --to pdf
	@$(BIN)/python docs/pictures/make.py reports
