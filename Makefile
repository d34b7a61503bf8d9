# What one does here: `make demo` to see it work, `make test` before every commit. Needs Python 3.11 or later, nothing else.
# A second call is quick: each stamp below is older than what it rests on only when there is work to do.

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help
unexport PYTHONHOME PYTHONPATH

CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3 python
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for it in $(CANDIDATES); do "$$it" -c '$(SUITABLE)' >/dev/null 2>&1 && echo "$$it" && break; done)

BIN := .venv/bin
PIP := -m pip --disable-pip-version-check --quiet
# One more than there are processors, for tests wait a lot: for vendors, servers and processes that they kill.
PROCESSES = $(shell $(BIN)/python -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')
LOCKED := install --require-hashes --requirement
SOURCES := $(shell find couponhub adapters -type f -name '*.py*' ! -name '*.pyc')
DOCUMENTS := $(shell find docs -type f \( -name '*.md' -o -name '*.py' \) ! -path 'docs/_build/*')

.PHONY: help demo demo-console pictures test check types docs wheel pytest thorough torture scale coverage live compose release format lock audit clean

help:
	@echo 'make demo     start both emulators, send codes, look a customer up: the whole of it in one minute'
	@echo 'make demo-console  the same in a browser, signed in, until Ctrl-C'
	@echo 'make test     every check: style, types, docs, wheel, tests'
	@echo 'make docs     build the pages'
	@echo 'make pictures take the pictures of the guide to the console anew; needs chromium'
	@echo 'make thorough run the tests with all examples of each property'
	@echo 'make torture  kill uploads and migrations again and again, and look whether a code was lost or doubled'
	@echo 'make scale    run what is too long for every run, at its size: make scale SCALE=spark'
	@echo 'make coverage run the tests, and fail where they reach too little of the code'
	@echo 'make live     compare the answers of real vendors with the documented ones: make live CONFIG=couponhub.toml'
	@echo 'make compose  all of it in containers, over emulated vendors: servers, worker, PostgreSQL, Redis; needs Docker'
	@echo 'make release  all that a release takes, up to the wheel: make release TAG=v0.1.0'
	@echo 'make format   put the code into its one format'
	@echo 'make lock     renew the lock files: requirements.txt, requirements-deploy.txt and requirements-dev.txt'
	@echo 'make audit    ask for known weaknesses of all that is locked; needs the network'
	@echo 'make clean    remove what was made'

demo: .venv/.runtime
	@$(BIN)/couponhub demo

# Words for it: make demo-console DEMO='--port 9000'.
demo-console: .venv/.runtime
	@exec $(BIN)/couponhub demo --console $(DEMO)

test: check types docs wheel pytest

check: .venv/.dev
	@echo '== style'
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo 'not in format: run "make format"'; exit 1; }

types: .venv/.dev
	@echo '== types'
	@$(BIN)/mypy

docs: build/.docs
	@echo 'the pages: docs/_build/html/index.html'

wheel: build/.wheel

# Last, so that its summary is what one sees.
pytest: .venv/.dev
	@echo '== tests'
	@$(BIN)/python -m pytest --quiet --numprocesses $(PROCESSES) $(PYTEST)

# Pillow, which gives each picture few colours, is needed here alone.
pictures: .venv/.dev
	@$(BIN)/python $(PIP) install pillow
	@COUPONHUB_PICTURES=1 $(BIN)/python -m pytest --quiet tests/console/test_five_tasks.py
	@git diff --stat -- docs/guides

# The tests with all examples of each property, of which `make test` tries a quarter.
thorough: .venv/.dev
	@COUPONHUB_THOROUGH=1 $(BIN)/python -m pytest --quiet --numprocesses $(PROCESSES) $(PYTEST)

# Uploads and migrations at size, their processes killed fifty and a hundred times; prints a table (docs/reliability.md). More words:
# make torture TORTURE='migrations --seed 7'.
torture: .venv/.dev
	@$(BIN)/python -m tests.torture $(TORTURE)

# What takes engines of its own, or more codes than a test may: a table for each part, of which SCALE names one, with its own words:
# make scale SCALE='spark --codes 1000000'. Spark comes into an environment of its own, build/spark, in the first run.
scale: .venv/.dev
	@$(BIN)/python -m tests.scale $(SCALE)

# The tests once more, counting what they reach, subprocesses and forked workers included. Not a part of `make test`: until Python
# 3.13 counting branches nearly doubles the tests' CPU time (1.84 times). What is counted, and how much is wanted: pyproject.toml.
coverage: .venv/.dev
	@echo '== coverage'
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --quiet --numprocesses $(PROCESSES) $(PYTEST)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

# Asks real vendors, with the credentials of CONFIG. Reads alone; what is printed holds no value (tests/live).
live: .venv/.dev
	@test -n '$(CONFIG)' || { echo 'say whose answers: make live CONFIG=couponhub.toml [CONNECTIONS="a b"]' >&2; exit 1; }
	@$(BIN)/python -m tests.live '$(CONFIG)' $(CONNECTIONS)

# Until Ctrl-C; docs/deploy.md says what to try. The secrets are made once, and stay.
compose:
	@sh deploy/secrets.sh
	@docker compose --file deploy/compose.yaml up --build

# What has to agree before anything is built: the tag, the version, the changelog, the lock files, and the advisories.
VERSION = $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)

release: .venv/.dev
	@test '$(TAG)' = 'v$(VERSION)' || { echo 'the tag is "$(TAG)", the version of pyproject.toml is $(VERSION)' >&2; exit 1; }
	@grep -q '^## \[$(VERSION)\] - [0-9-]*$$' CHANGELOG.md || { echo 'CHANGELOG.md has no dated heading for $(VERSION)' >&2; exit 1; }
	@! grep -n '://' $(LOCKS)
	@$(MAKE) --no-print-directory audit test coverage
	@ls dist

format: .venv/.dev
	@$(BIN)/ruff check --quiet --fix || true
	@$(BIN)/ruff format

# The lock files hold for every supported Python and platform. uv is needed here alone, so it is in none of them.
# What the image of deploy/Dockerfile consists of is said here alone: its extras, which requirements-deploy.txt locks. What is tested
# is the same, for requirements-dev.txt keeps to it.
LOCKS := requirements.txt requirements-deploy.txt requirements-dev.txt
IMAGE := console object-store otlp postgresql redis server workers
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --upgrade \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
BUILD_REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

lock: .venv/.created
	@$(BIN)/python $(PIP) install uv
	@$(BIN)/python -c '$(BUILD_REQUIRES)' >.venv/build-requires.in
	@$(COMPILE) pyproject.toml .venv/build-requires.in --extra console --extra server --output-file requirements.txt
	@$(COMPILE) pyproject.toml $(IMAGE:%=--extra %) --constraint requirements.txt --output-file requirements-deploy.txt
	@$(COMPILE) pyproject.toml .venv/build-requires.in --extra console --extra server --group dev --constraint requirements.txt --constraint requirements-deploy.txt --output-file requirements-dev.txt
	@! grep -n '://' $(LOCKS)
	@echo '$(LOCKS) are renewed'
	@$(MAKE) --no-print-directory audit

# pip-audit is needed here alone, too. What cannot be asked is no success: it says so in one line, and fails.
AUDIT = $(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --requirement requirements-dev.txt
UNASKED = echo 'audit: the advisories could not be asked, so nothing is known of weaknesses (build/.audit.log says why)' >&2

audit: .venv/.created
	@echo '== audit'
	@mkdir -p build
	@$(BIN)/python $(PIP) install pip-audit >build/.audit.log 2>&1 || { $(UNASKED); exit 1; }
	@$(AUDIT) >build/.audit.log 2>&1 || { grep -q '^Found [0-9]' build/.audit.log && cat build/.audit.log >&2 || $(UNASKED); exit 1; }
	@echo 'no weakness is known of what requirements-dev.txt locks'

clean:
	@rm -rf .venv build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .nox .coverage .coverage.*
	@find couponhub adapters tests benchmarks docs -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/.created:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or later with venv was found (on Debian: apt install python3-venv). Name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo '$(PYTHON) does not run, or is older than Python 3.11. Name another: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo "== .venv: creating, with $$('$(PYTHON)' --version)"
	@rm -rf .venv
	@'$(PYTHON)' -m venv .venv
	@touch $@

.venv/.runtime: .venv/.created requirements.txt pyproject.toml
	@echo '== .venv: installing couponhub and what it needs'
	@$(BIN)/python $(PIP) $(LOCKED) requirements.txt
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	@echo '== .venv: installing what the checks need'
	@$(BIN)/python $(PIP) $(LOCKED) requirements-dev.txt
	@touch $@

build/.docs: .venv/.dev $(SOURCES) $(DOCUMENTS)
	@echo '== docs'
	@$(BIN)/sphinx-build --quiet --fail-on-warning --fresh-env --builder html docs docs/_build/html
	@mkdir -p build
	@touch $@

# Beside it lies an inventory (CycloneDX) of all that an installation of what is locked consists of.
# The wheel must work where nothing of this repository is: an empty environment, another folder, isolated mode.
ADAPTERS := from importlib.metadata import entry_points; assert ["capillary", "moengage"] == sorted(it.load().name for it in entry_points(group="couponhub.adapters"))

build/.wheel: .venv/.dev $(SOURCES) README.md
	@echo '== wheel'
	@rm -rf dist build/empty && mkdir -p build
	@$(BIN)/python -m build --no-isolation >build/.wheel.log 2>&1 || { cat build/.wheel.log; exit 1; }
	@$(BIN)/python -m venv build/empty
	@build/empty/bin/python $(PIP) $(LOCKED) requirements.txt
	@build/empty/bin/python $(PIP) install --no-deps --no-index dist/*.whl
	@cd build/empty && bin/python -I -c '$(ADAPTERS)'
	@cd build/empty && bin/couponhub --help >/dev/null
	@$(BIN)/cyclonedx-py environment build/empty/bin/python --pyproject pyproject.toml --output-reproducible --output-file dist/couponhub.cdx.json 2>build/.sbom.log || { cat build/.sbom.log; exit 1; }
	@touch $@
