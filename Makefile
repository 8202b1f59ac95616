# make search            search the sngan space on this machine
# make search SPACE=dcgan ARGS="--trials 8 --seed 1"
# make test              lint, types, import rules, tests, and what of the code they ran
# make page-script       build the page's script after an edit of a .js file below reports
# make export-runtime    what `lab.explore --export` needs beside the extra [export]; needs npm
# make lint-js           lint and type check of those files
# make test-large        the page of 10,000 trials in a browser
# make validate          the lab against ground truth; ARGS=--quick takes ten minutes, otherwise about an hour
# make test-slow         every loss x penalty x norm on two workers
# make test-faults       searches whose processes and disks fail; FAULTS_TABLE=1 writes the table
# make test-hosts        a search over three hosts of this machine; needs root and network namespaces
# make bench             all benchmarks
# make lint              lint, types and import rules alone
# make docs              the documentation as a site, build/site; every link is checked
# make hooks             install the pre-commit hooks: make lint and the test of wording
PYTHON ?= python3
VENV ?= .venv
SPACE ?= sngan
ARGS ?=
BIN := $(VENV)/bin
PAGE := reports/browser
RUNTIME := reports/explorer/runtime
SOURCES := lab search_spaces reports tests benchmarks docs
COVERAGE := build/coverage
LATER := nice -n 4
# SlipCover costs a few per cent where coverage.py's tracer costs 40 to 70 (Python 3.11).
MEASURED := $(LATER) $(BIN)/python -W "ignore:Unable to activate pytest" -m slipcover --branch --source lab,reports,search_spaces --json
# Ray's processes do not start under SlipCover; what these tests run is mostly in other processes.
GANGS := tests/engine/gang tests/engine/test_nodes.py tests/engine/test_remote_search.py tests/engine/test_proof.py
WITH_RAY := tests/engine tests/trainer/test_search.py tests/test_examples.py
NOT_MEASURED := $(WITH_RAY) tests/benchmarks tests/validate tests/deploy

.PHONY: search test docs page-script lint-js test-lab test-reports test-engine test-gangs test-commands test-large validate test-faults test-hosts test-slow bench clean

search: $(VENV)/.installed
	$(BIN)/python -m lab.search --space $(SPACE) $(ARGS)

# All at once on two cores: the suites with Ray mostly wait for processes, and go before the others,
# which compute.
# `lint-js` comes before: it installs what a test of the reports needs too.
test: $(VENV)/.installed-test lint-js
	$(MAKE) --no-print-directory --jobs --keep-going test-engine test-gangs test-commands test-reports test-lab lint
	$(BIN)/python -m tests.covered $(COVERAGE)/lab.json $(COVERAGE)/reports.json

.PHONY: lint hooks
lint: $(VENV)/.installed-test
	$(BIN)/ruff check $(SOURCES) examples
	$(BIN)/ruff format --check $(SOURCES) examples
	$(LATER) $(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory lint-js

hooks: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet 'pre-commit>=4'
	$(BIN)/pre-commit install

test-lab: $(VENV)/.installed-test
	@mkdir -p $(COVERAGE)
	$(MEASURED) --out $(COVERAGE)/lab.json -m pytest $(addprefix --ignore ,tests/reports $(NOT_MEASURED))

# Ray gives its workers niceness 15: beside suites that compute they would start too late.
test-engine test-gangs test-commands: export RAY_worker_niceness := 0

test-engine: $(VENV)/.installed-test
	$(BIN)/pytest $(WITH_RAY) $(addprefix --ignore ,$(GANGS))

test-gangs: $(VENV)/.installed-test
	$(BIN)/pytest $(GANGS)

test-commands: $(VENV)/.installed-test
	$(LATER) $(BIN)/pytest $(filter-out $(WITH_RAY),$(NOT_MEASURED))

test-reports: $(VENV)/.installed-test
	@mkdir -p $(COVERAGE)
	$(MEASURED) --out $(COVERAGE)/reports.json -m pytest tests/reports

# Reports need no node: the built scripts are committed. Without one the linter is left out, and
# the test that compares those with a fresh build is reported as skipped.
lint-js:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGE)/node_modules/.installed \
		&& npm --prefix $(PAGE) run --silent lint; \
	else echo "lint-js: left out, no npm on the PATH (Debian: nodejs npm)"; fi

page-script: $(PAGE)/node_modules/.installed
	npm --prefix $(PAGE) run --silent build

$(PAGE)/node_modules/.installed: $(PAGE)/package.json $(PAGE)/package-lock.json
	npm --prefix $(PAGE) ci --no-audit --no-fund
	@touch $@

test-large: $(VENV)/.installed-test
	$(BIN)/pytest -m large tests/reports

# In an environment of its own: the sources are read, not imported, so the lab need not be installed.
docs: $(VENV)-docs/.installed
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict
	@echo "build/site/index.html"

$(VENV)-docs/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-docs
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")' > $(VENV)-docs/requirements.txt
	$(VENV)-docs/bin/python -m pip install --quiet --requirement $(VENV)-docs/requirements.txt
	@touch $@

validate: $(VENV)/.installed
	$(BIN)/python -m lab.validate $(ARGS)

# What `lab.explore --export` writes into its page; 148 MB, of which 14 are needed.
.PHONY: export-runtime
export-runtime: $(RUNTIME)/node_modules/.installed

$(RUNTIME)/node_modules/.installed: $(RUNTIME)/package.json $(RUNTIME)/package-lock.json
	npm --prefix $(RUNTIME) ci --no-audit --no-fund --ignore-scripts
	@touch $@

test-slow: $(VENV)/.installed-test
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory export-runtime; fi
	$(BIN)/pytest -m slow

test-faults: $(VENV)/.installed-test
	$(BIN)/pytest -m faults -rs tests/faults

test-hosts: $(VENV)/.installed-test
	$(BIN)/pytest -m hosts -rs tests/hosts $(if $(HOSTS),-k $(HOSTS))

bench: $(VENV)/.installed
	for name in step_speed signals evaluation engine_overhead checkpoint gang_start gang_speed gang_memory planner own_trainer record_import scale report_page explorer race.study race.designs default_search; do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf $(VENV) $(VENV)-docs $(PAGE)/node_modules $(RUNTIME)/node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed
