# Everything happens in .venv; `make demo` and `make test` need nothing but Python 3.11 or newer and pip.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test gpu lint clean

demo: .venv/installed
	$(BIN)/genbench run quick

test: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# The published sizes; needs a GPU, and data fetched by `genbench prepare mnist --download`, and cifar10.
gpu: .venv/installed
	$(BIN)/genbench run gpu --device cuda --out results/reference

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

clean:
	rm -rf .venv
