# The two commands of a fresh clone are `make demo` and `make test`; both set up what they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ALL_PROCESSORS := --numprocesses=auto --dist=worksteal

.PHONY: help setup spark demo live test test-deep live-kill live-page lint types check readme lock clean

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'setup needs Python 3.11 or newer (was '"$$($(PYTHON) -V 2>&1)"')'; \
		  echo 'hint: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11'; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@# The loops of the online backend's records, of the polars backend and of boosted trees, as machine
	@# code, once.
	$(BIN)/python -c 'import engine.backends.online.record_loops, engine.backends.polars.entry, engine.model.tree_loops'
	@touch $@

setup: $(READY) ## Make .venv and install what constraints.txt pins

spark: $(READY) ## Install what the engine spark needs into .venv; Java 17 or newer is of the machine
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--no-build-isolation -r constraints-spark.txt
	$(BIN)/python -c 'from engine.backends.spark.java import require_spark; require_spark()'

demo: $(READY) ## Simulate a stream, build its features, train a model, print a summary
	@$(BIN)/python -m replay.demo

live: $(READY) ## Score the demo's stream live, beside a judge; Ctrl-C ends it
	@$(BIN)/python -m replay.live_demo

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest $(ALL_PROCESSORS)

test-deep: $(READY) ## Run the conformance suite with 2,000 examples a comparison, for an hour or two
	@HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest $(ALL_PROCESSORS) tests/conformance

live-kill: $(READY) ## Kill the live scorer 20 times over 50,000 events, faults on: minutes
	@LIVE_KILLS=20 LIVE_EVENTS=50000 $(BIN)/python -m pytest tests/live/test_restarts.py -k kills

live-page: $(READY) ## Look at the dashboard beside 200 events a second: minutes
	@LIVE_PAGE_SECONDS=120 $(BIN)/python -m pytest -s tests/live/browser/test_long.py

lint: $(READY) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY) ## Check types
	@$(BIN)/mypy

check: lint types test ## Everything that has to pass

readme: $(READY) ## Write the tables of README.md anew from the code, the SQL and the kept results
	@$(BIN)/python -m engine.backends.support README.md
	@$(BIN)/python -m engine.live.settings README.md
	@$(BIN)/python -m benchmarks.readme README.md
	@$(BIN)/python -m replay.questions.readme README.md

lock: ## Pin anew what pyproject.toml asks for (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet \
		--output-file constraints.txt
	sed -i '1i # Every package of the environment, pinned; made by `make lock`.' constraints.txt

clean: ## Remove the environment and what the demo made
	rm -rf $(VENV) demo
