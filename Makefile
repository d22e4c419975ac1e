# run    build the sample once and serve it on http://127.0.0.1:8080 (PORT overrides)
# test   all tests; PYTEST_ARGS="…" is passed on
# check  formatting, lint, types, arrows between rooms
# bench  figures as ratios within one run, at two million triples; about two hours
# soak   the long tests, for the night: a million decisions, 200 kills, races, ten minutes of fuzzing
# clean  remove what the others made
# lock   pin the dependencies of pyproject.toml anew

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
WORKERS ?= logical

unexport PYTHONDONTWRITEBYTECODE
# or each of the hundred processes that tests start would compile the modules anew

.PHONY: run test check bench soak clean lock

run: .venv/installed
	@$(BIN)/backpack demo .demo

test: .venv/installed .venv/browser
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal $(PYTEST_ARGS)

check: .venv/installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m tests.bench.policy
	$(BIN)/python -m tests.bench.isolation
	$(BIN)/python -m tests.bench.building
	$(BIN)/python -m tests.bench.overhead
	$(BIN)/python -m tests.bench.changes 2 6
	$(BIN)/python -m tests.bench.wear
	$(BIN)/python -m tests.bench.load
	$(BIN)/python -m tests.bench.intake 10000 100000
	$(BIN)/python -m tests.bench.releases 10000
	$(BIN)/python -m tests.bench.statistics 10000
	$(BIN)/python -m tests.bench.research

soak: .venv/installed
	$(BIN)/pytest -m soak $(PYTEST_ARGS)

clean:
	rm -rf .venv .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +

lock: .venv/installed
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --group mapping --generate-hashes \
	  --no-emit-index-url --no-header --output-file requirements.lock pyproject.toml
	echo hatchling | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group mapping --generate-hashes \
	  --no-emit-index-url --no-header --constraint requirements.lock \
	  --output-file deploy/requirements.lock pyproject.toml -

.venv/browser: .venv/installed
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Debian's chromium for the page tests"; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver; \
	else \
	  echo "The page tests are skipped: they need Debian's chromium and chromium-driver; as root:"; \
	  echo "  apt-get install chromium chromium-driver"; \
	fi
	@touch $@

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.11"; exit 1; }
	@echo "Setting up .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
