# make demo | test | long | lint | check | bench | soak | servers | lock | clean. Only Python 3.11 or newer is needed; the rest is fetched into .venv.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: demo test long lint check bench soak environment environment-dev servers lock clean

# PORT, INFLUXDB_URL, INFLUXDB_TOKEN and INFLUXDB_TOKEN_FILE go through to the program.
demo: environment
	@exec $(PY) -m api.cli demo

environment environment-dev:
	@command -v $(PYTHON) >/dev/null || { echo "environment: no $(PYTHON) found: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) requirements/environment.py $(if $(filter %-dev,$@),dev,core)

# What holds the monitor to instants never runs beside what wants a whole core.
# The browser tests run in a pytest of their own: Playwright leaves a loop running that asyncio tests trip over.
test: environment-dev
	@$(PY) requirements/debian.py
	@$(PY) -m tests.servers.make influxd influxd1
	$(PY) -m pytest -m "not browser and not soak" tests/scenario
	$(PY) -m pytest -m "not browser" -n 2 --dist loadfile tests/contract tests/benchmarks
	$(PY) -m pytest -m "not browser" -n 2 --dist loadfile \
		--ignore tests/scenario --ignore tests/contract --ignore tests/benchmarks
	$(if $(wildcard tests/page/test_*.py),$(PY) -m pytest -m browser)

# Tests that take minutes each: hundreds of kills, days without InfluxDB. CI runs them after all others.
long: environment-dev
	$(PY) -m pytest -m soak tests/scenario

# The real servers that tests run against, built once into the user's cache folder.
servers: environment-dev
	@$(PY) requirements/debian.py
	@$(PY) -m tests.servers.make influxd influxd1

lint: environment-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) requirements/screens.py check

check: lint
	$(PY) -m pytest -q tests/unit tests/architecture

# What collecting costs, beside others: about half an hour, on a machine with nothing else to do. JOBS=plain takes three minutes.
bench: environment-dev
	@$(PY) -m tests.servers.make telegraf influxd
	@$(PY) -m tests.benchmarks $(JOBS)

# The demo under the fault scenarios in turn, an hour or MINUTES=…
MINUTES ?= 60
soak: environment-dev
	@$(PY) -m tests.scenario.soak $(MINUTES)

# Locks hold hashes and no address.
LOCK := build/uv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --quiet
lock: environment-dev
	@[ -x build/uv/bin/uv ] || $(PY) -m pip install --quiet --target build/uv uv
	$(LOCK) pyproject.toml requirements/build.in -o requirements/core.txt
	$(LOCK) -c requirements/core.txt pyproject.toml requirements/build.in requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf .venv build dashboards/dist dashboards/node_modules
