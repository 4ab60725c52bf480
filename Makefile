# Every target sets up by itself: .venv, from requirements.lock, with uv or with venv and pip.
PY := .venv/bin/python
STUDIES ?= $(basename $(notdir $(sort $(wildcard analysis/studies/*.toml))))
JOBS ?= 2
ARGS ?=

.PHONY: demo reports test lint types check lock clean

reports: .venv/.ready  ## download what is missing, fit the models, write reports/
	$(PY) -m analysis run $(STUDIES) --jobs $(JOBS) $(ARGS)

demo: .venv/.ready     ## run the studies on an artificial survey: needs no data and no network
	$(PY) -m analysis demo $(STUDIES) --jobs $(JOBS) $(ARGS)

# The last -m counts: ARGS="-m browser" and ARGS="-m real_data" run what is left out here.
test: .venv/.ready     ## run all tests (those on real data only where NHANES_MIRROR is set)
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -m "not browser" $(ARGS)

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/.ready
	.venv/bin/mypy

check: lint types test

lock:                  ## choose versions anew from pyproject.toml (needs uv)
	tools/lock.sh --upgrade

clean:                 ## remove the environment and the caches, never data_raw's files or reports
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache data_raw/.cache

.venv/.ready: requirements.lock pyproject.toml tools/setup.sh
	@echo "Setting up .venv (once) ..."
	@PYTHON="$(PYTHON)" tools/setup.sh
