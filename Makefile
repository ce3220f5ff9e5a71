# Every command of the study. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
PRESET ?= research
BACKEND ?= loky
SAMPLE ?= 12
TEST_JOBS ?= 2
PORT ?= 8000
BRANCH ?= main
ARGS ?=

# Only the research preset reads and writes the committed rows.
ifneq ($(PRESET),research)
export HSOKV_RESULTS ?= $(CURDIR)/_build/$(PRESET)/results
endif

BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
READY := $(VENV)/.hsokv-ready

.PHONY: help setup book test demo run sweep audit adapter rows pins status address lint serve clean

help: ## list the targets
	@echo "usage: make TARGET [PRESET=quick_test|demo|research], by default research: the committed rows"
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-8s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv with the locked packages (the other targets do it themselves)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d found, 3.11 or newer needed: make setup PYTHON=python3.11" % v[:2])'
	@echo "setting up $(VENV) (several minutes the first time)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY) ## execute every notebook, check them, build _build/html with warnings as errors
	$(PY) -m tools.rows --preset $(PRESET)
	$(PY) -m tools.run --preset $(PRESET)
	$(PY) -m tools.check_runs
	$(PY) -m tools.stage_book
	@echo "open _build/html/index.html, or run: make serve"

test: book ## build the book if it is out of date, then run all tests, TEST_JOBS files at a time (ARGS="-k memory" to choose)
	$(PY) -m pytest -n $(TEST_JOBS) --dist loadfile $(ARGS)

demo: $(READY) ## recompute everything from nothing at demo scale, then compare with the published findings
	rm -rf _build/demo
	$(PY) -m tools.run --preset demo --jobs 1 --out _build/demo
	$(PY) -m tools.check_runs --out _build/demo
	$(PY) -m tools.stage_book --out _build/demo --findings
	@echo "open _build/demo/html/book/findings.html: which published findings reproduced here"

run: $(READY) ## execute one notebook: make run EXP=01_rare_words PRESET=quick_test
	$(PY) -m tools.run $(or $(EXP),$(error name a notebook: make run EXP=01_rare_words)) --preset $(PRESET) --force

sweep: $(READY) ## run a notebook once per combination: make sweep SWEEP=NAME BACKEND=loky|ray
	$(PY) -m tools.sweep $(or $(SWEEP),$(error name a file of params/sweeps: make sweep SWEEP=NAME)) --backend $(BACKEND)

audit: $(READY) ## recompute SAMPLE trials of each experiment (SAMPLE=12), at least 4 trained ones, and compare
	$(PY) -m tools.audit --sample $(SAMPLE)

adapter: $(READY) ## train the sentence encoder's adapter again (wants a GPU and HSOKV_DATA)
	$(PY) -m tools.adapter $(ARGS)

rows: $(READY) ## check the stored rows; make rows SET_ASIDE=one_shot moves doubtful lines aside
	$(PY) -m tools.rows --preset $(PRESET) $(if $(SET_ASIDE),--set-aside $(SET_ASIDE))

pins: $(READY) ## take the committed rows, and what they rest on, as they are now
	$(PY) -m tools.pins --write

status: $(READY) ## list the pages: when, where and how long they ran, fresh or stale
	$(PY) -m tools.status

address: $(READY) ## set the repository's address everywhere: make address URL=https://github.com/me/fork BRANCH=main
	$(PY) -m tools.address --url $(or $(URL),$(error give a repository: make address URL=https://github.com/me/fork)) --branch $(BRANCH)

lint: $(READY) ## check code style, formatting, and that notebook sources carry no output
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/nbstripout --keep-id --verify notebooks/*.ipynb

serve: ## serve the built book on http://localhost:8000
	@test -d _build/html || { echo "_build/html is missing: run make book first"; exit 1; }
	$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

clean: ## remove everything built (the environment in .venv stays)
	rm -rf _build .pytest_cache .ruff_cache
