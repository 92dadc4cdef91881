# Everything here starts from a fresh clone and one Python >= 3.11: the first target makes .venv and installs into it.

PYTHON ?= python3
PIP    := .venv/bin/pip --disable-pip-version-check install --quiet -c constraints.txt
STAMP  := .venv/.stamp-dev
# Processes that the tests are spread over: one more than CI has cores, as many tests wait for others.
JOBS   ?= 3

.PHONY: demo test test-ray lint bench screenshots man setup clean

setup: $(STAMP)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hptui needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

$(STAMP): .venv/bin/python pyproject.toml constraints.txt
	@echo "installing into .venv (a minute or two the first time: torch is large)"
	@$(PIP) torch
	@$(PIP) -e '.[dev]'
	@.venv/bin/python -m compileall -q hptui hptui/core hptui/tui
	@touch $@

demo: $(STAMP)
	.venv/bin/hptui run examples/digits.toml

test: $(STAMP)
	.venv/bin/python -m pytest -n $(JOBS) --dist loadfile

# A cluster of three nodes on this machine, 200 trials, a node killed and the scheduler twice: minutes.
test-ray: $(STAMP)
	@$(PIP) -e '.[ray]'
	HPTUI_TEST_RAY=1 .venv/bin/python -m pytest tests/on_ray

lint: $(STAMP)
	.venv/bin/ruff check .
	.venv/bin/mypy

bench: $(STAMP)
	.venv/bin/python -m bench

screenshots: $(STAMP)
	.venv/bin/python screenshots/make.py

man: $(STAMP)
	.venv/bin/hptui man -o tui/hptui.1

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
