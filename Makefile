# Everything happens in .venv; `make demo` and `make test` need nothing but Python 3.11 or newer and pip.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test leaderboard defaults gpu bench bench-compare bench-html bench-gpu lint clean fuzz chaos soak audit

demo: .venv/installed
	$(BIN)/genbench run quick
	$(BIN)/genbench report results/quick --out report

test: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# The committed leaderboard and the README's excerpt of it, from results/reference.
leaderboard: .venv/installed
	$(BIN)/python -m genbench.report.reference

# The page of defaults, from the table of what the pilot search scored; PILOTS=results/pilots reads its runs anew.
defaults: .venv/installed
	$(BIN)/python -m genbench.report.pilots $(PILOTS)

# The published sizes; needs a GPU, and data fetched by `genbench prepare mnist --download`, and cifar10.
gpu: .venv/installed
	$(BIN)/genbench run gpu --device cuda --out results/reference

# Speed, by asv: the last commit on this machine; two commits side by side, 1 if the newer is slower; pages.
# Commits are checked out by asv and borrow the packages of .venv. See docs/performance.md.
MACHINE ?= $(shell $(PYTHON) -c 'import os; print({1: "one-core", 2: "two-cores"}.get(os.cpu_count(), f"{os.cpu_count()}-cores"))')
BASE ?= main
BENCH ?= .
ASV = ASV_MACHINE=$(MACHINE) OMP_NUM_THREADS=1 \
  ASV_PYTHONPATH=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') $(BIN)/asv

bench: .venv/perf
	$(ASV) machine --yes --machine $(MACHINE) >/dev/null
	$(ASV) run --machine $(MACHINE) --launch-method forkserver --bench '$(BENCH)' HEAD^!

bench-compare: .venv/perf
	PYTHONPATH=suites ASV_MACHINE=$(MACHINE) $(BIN)/python -m perf.gate $(BASE) HEAD --bench '$(BENCH)'

bench-html: .venv/perf
	$(ASV) publish

# The same steps on a GPU; `spawn`, since CUDA does not survive a fork.
bench-gpu: .venv/perf
	$(ASV) machine --yes --machine gpu >/dev/null
	GENBENCH_PERF_DEVICE=cuda $(ASV) run --machine gpu --launch-method spawn --bench training HEAD^!

# Long checks; their figures are in docs/reliability.md.
fuzz: .venv/tested
	$(BIN)/python tests/reliability/fuzz.py --cases 100000

chaos: .venv/tested
	$(BIN)/python tests/reliability/chaos.py --kills 300

soak: .venv/tested
	$(BIN)/python tests/reliability/soak.py --minutes 60

# Versions with known holes; needs a connection to pypi.org. Strict, since a package that cannot be looked up counts
# as sound otherwise, and an answer about none as a clean bill. In a place of its own: its needs are not ours.
audit: .venv/audit/bin/pip-audit
	$< --strict --requirement constraints.txt --no-deps --disable-pip

.venv/audit/bin/pip-audit: .venv/bin/python
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install --quiet pip-audit

lint: .venv/tested
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

.venv/perf: .venv/tested
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[perf]'
	touch $@

clean:
	rm -rf .venv
