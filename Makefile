# What a person or a machine does with a checkout. Every target makes its own environment when there is none.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PAGE := roomchat/site/page.built
TYPESCRIPT := tests/web/node_modules/.bin/tsc

.PHONY: help serve join demo demo-cluster demo-tmux verify bench bench-quick bench-cluster test check types no-npm format docs screens clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "roomchat needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making an environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# An environment that is made has it already; it is made again where the page was changed since.
$(PAGE): $(shell find roomchat/web -type f) scripts/bundle.py scripts/pack_page.py roomchat/site/page.py | $(READY)
	@$(BIN)/python scripts/pack_page.py

serve: $(READY) $(PAGE)  ## run a server (ARGS="--port 0")
	$(BIN)/roomchat serve $(ARGS)

join: $(READY)  ## join a server (ARGS="localhost --name ann")
	$(BIN)/roomchat join $(ARGS)

demo: $(READY)  ## a server and three clients that play a conversation, side by side
	$(BIN)/python scripts/demo.py

demo-cluster: $(READY)  ## three servers that are one chat, a client on each; a server and a NATS server are killed
	$(BIN)/python scripts/demo.py --cluster

demo-tmux: $(READY)  ## a server and three clients in the panes of tmux, for you to type in
	BIN=$(BIN) sh scripts/demo-tmux.sh

verify: $(READY)  ## one minute of faults, and the proof that nothing was lost (ARGS="--seed 1")
	$(BIN)/roomchat verify --seconds 60 --kills 20 $(ARGS)

bench: $(READY)  ## roomchat beside other servers, hours (ARGS="--rounds 1 --only room-100")
	$(BIN)/python scripts/bench --out build/bench $(ARGS)

bench-cluster: $(READY)  ## several servers as one chat beside one alone, minutes
	$(BIN)/python scripts/bench --only cluster-6 --only cluster-100 --only cluster-1000

bench-quick: $(READY)  ## the same in under two minutes, its ratios beside kept ones
	$(BIN)/python scripts/bench --quick $(ARGS)

# It starts hundreds of processes: each would compile all of roomchat again where nothing compiled may be kept.
# Many tests wait, so five workers keep two cores busy; who has no tests left takes some from the others.
test: $(READY) $(PAGE)  ## the whole suite (ARGS="-k outbox")
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 5 --dist worksteal $(ARGS)

check: $(READY) types  ## ruff, mypy, and tsc over the page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# npm is for this alone: the page is served as it is written, and its tests need none.
types: $(if $(shell command -v npm),$(TYPESCRIPT),no-npm)
	@test ! -e $(TYPESCRIPT) || $(TYPESCRIPT) -p tests/web
	@test ! -e $(TYPESCRIPT) -o ! -e roomchat/web/sw.js || $(TYPESCRIPT) -p tests/web/tsconfig.worker.json

no-npm:
	@echo "The types of the page are not checked: there is no npm; on Debian: apt install npm"

$(TYPESCRIPT): tests/web/package.json
	@cd tests/web && npm install --silent --no-package-lock --no-audit --no-fund --no-update-notifier && touch '$(CURDIR)/$@' || \
	  echo "The types of the page are not checked: npm could not install what tests/web/package.json names"

format: $(READY)  ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## write docs/cli.md, and the commands of the page, from the commands themselves
	$(BIN)/python scripts/write_cli_docs.py
	$(BIN)/python scripts/write_web_commands.py

screens: $(READY)  ## make the pictures in docs/images from the real program
	$(BIN)/python scripts/make_screens.py

clean:  ## remove the environment and what tools leave behind
	rm -rf $(VENV) tests/web/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
