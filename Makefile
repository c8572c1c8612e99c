# Two commands matter: `make run` and `make test`. Each does its own set-up.
PORT ?= 8000
PYTHON ?= python3
SETUP = PYTHON="$(PYTHON)" tools/setup.sh
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak lock translations clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Set up, fill the demo world on first start, serve on 127.0.0.1 (PORT=8000)
	@$(SETUP) run
	@DSA_DEMO=1 exec $(BIN)/dsa serve --port $(PORT)

test: ## Set up (Chromium and PostgreSQL from Debian included) and run every test
	@$(SETUP) test
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 $(ARGS)

check: ## Lint, types, import contracts, workflow files
	@$(SETUP) test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dsa workflows check

bench: ## Measure against raw code and against peers; writes build/bench.json
	@$(SETUP) test
	$(BIN)/dsa bench

soak: ## The long drills: kill -9, races, fuzz, load
	@$(SETUP) test
	$(BIN)/pytest -m soak $(ARGS)

lock: ## Write the lock files again from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(SETUP) test
	tools/lock.sh $(ARGS)

translations: ## Gather every sentence for translators into translations/messages.pot
	@$(SETUP) test
	$(BIN)/pybabel extract --mapping translations/babel.cfg --keyword mark --sort-by-file --no-location \
		--project dsa --output translations/messages.pot dsa templates

clean: ## Remove the virtual environment and what builds leave behind (never the data)
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache
