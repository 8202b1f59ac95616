# make search            search the sngan space on this machine
# make search SPACE=dcgan ARGS="--trials 8 --seed 1"
# make test              lint, types, import rules, tests, and what of the code they ran
# make test-large        the page of 10,000 trials in a browser
# make validate          the lab against ground truth: ARGS=--quick for ten minutes, else about an hour
# make test-slow         every loss x penalty x norm on two workers
# make test-faults       searches that are killed, starved and held up (FAULTS_TABLE=1: write the table)
# make test-hosts        a search over three hosts of this machine (root, network namespaces)
# make bench             every benchmark
PYTHON ?= python3
VENV ?= .venv
SPACE ?= sngan
ARGS ?=
BIN := $(VENV)/bin
SOURCES := lab search_spaces reports tests benchmarks
COVERAGE := build/coverage
# SlipCover costs a few per cent where coverage.py's tracer costs 40 to 70 (Python 3.11).
MEASURED := $(BIN)/python -W "ignore:Unable to activate pytest" -m slipcover --branch --json \
	--source lab,reports --omit "lab/engine/*,lab/validate/*"
# Ray's processes do not start under SlipCover; what these tests run is mostly in other processes.
NOT_MEASURED := tests/engine tests/benchmarks tests/validate tests/deploy

.PHONY: search test test-lab test-commands test-reports test-large validate test-faults test-hosts test-slow bench clean

search: $(VENV)/.installed
	$(BIN)/python -m lab.search --space $(SPACE) $(ARGS)

test: $(VENV)/.installed-test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory --jobs 2 --keep-going test-commands test-lab test-reports
	$(BIN)/python -m tests.covered $(COVERAGE)/lab.json $(COVERAGE)/reports.json

# Two at a time, the third when one ends.
test-lab: $(VENV)/.installed-test
	@mkdir -p $(COVERAGE)
	$(MEASURED) --out $(COVERAGE)/lab.json -m pytest $(addprefix --ignore ,tests/reports $(NOT_MEASURED))

test-commands: $(VENV)/.installed-test
	$(BIN)/pytest $(NOT_MEASURED)

test-reports: $(VENV)/.installed-test
	@mkdir -p $(COVERAGE)
	$(MEASURED) --out $(COVERAGE)/reports.json -m pytest tests/reports

test-large: $(VENV)/.installed-test
	$(BIN)/pytest -m large tests/reports

validate: $(VENV)/.installed
	$(BIN)/python -m lab.validate $(ARGS)

test-slow: $(VENV)/.installed-test
	$(BIN)/pytest -m slow

test-faults: $(VENV)/.installed-test
	$(BIN)/pytest -m faults -rs tests/faults

test-hosts: $(VENV)/.installed-test
	$(BIN)/pytest -m hosts -rs tests/hosts $(if $(HOSTS),-k $(HOSTS))

bench: $(VENV)/.installed
	for name in step_speed signals evaluation engine_overhead checkpoint gang_start gang_speed planner scale report_page race.study race.designs default_search; do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

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
