# make demo   sets everything up and goes the whole way with an example family
# make test   sets everything up, builds the wheel and passes the tests against it (15 minutes)
# make quick  the tests that take a moment each (3 minutes); make long, soaks and thousands of kills
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt README.md $(shell find vigbook templates examples -type f \
	\( -name '*.py' -o -name '*.yaml' -o -name '*.ipynb' -o -name '*.j2' -o -name '*.css' \
	-o -name '*.js' -o -name '*.ttf' -o -name '*.po' -o -name '*.json' -o -name '*.jsonl' \) \
	-not -name log.jsonl -not -path '*/media/*')

.PHONY: demo test quick long measured lint javascript lock docs dev pictures timings clean

demo: $(VENV)/.installed
	$(BIN)/vigbook demo demo

PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test: $(VENV)/.tests-installed lint javascript
	$(PYTEST) --tier test -m "not long"

quick: $(VENV)/.tests-installed javascript
	$(PYTEST) --tier quick -m "not long and not slow"

long: $(VENV)/.tests-installed
	$(BIN)/pytest --tier long -m long

# Keeps what the last run of each tier told of itself, once somebody has looked at it.
measured:
	mkdir -p docs/measured
	cp build/tiers/*.txt docs/measured/

lint: $(VENV)/.tests-installed node_modules/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python .ci/resolutions
	$(BIN)/node node_modules/eslint/bin/eslint.js eslint.config.js .ci templates tests/javascript
	$(BIN)/node node_modules/typescript/bin/tsc --project jsconfig.json

# Saving and the clip's clock, without a browser and without Python.
javascript: $(VENV)/.tests-installed
	$(BIN)/node --test tests/javascript/*.test.js

# The lock file of what checks our JavaScript, after a change of package.json.
lock:
	$(BIN)/npm install --package-lock-only --no-update-notifier
	$(BIN)/node .ci/lock-without-hosts.js

# The documents as pages, to read in a browser: build/docs/index.html. Every warning is an error.
docs: $(VENV)/.tests-installed
	$(BIN)/sphinx-build -W -n --keep-going -q -d build/doctrees -b html docs build/docs
	@echo build/docs/index.html

# For working on vigbook: the checkout itself is imported.
dev: $(VENV)/.python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'

# The pictures of the documents, made from the example families.
pictures: $(VENV)/.tests-installed
	$(BIN)/python docs/pictures.py
	$(BIN)/python docs/screens.py

# The table of timings in docs/performance.md, measured here.
timings: $(VENV)/.tests-installed
	$(BIN)/python benchmarks/stages.py

$(VENV)/.python:
	sh .ci/system-packages
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.python $(SOURCES)
	$(BIN)/pip install --quiet --constraint constraints.txt .
	touch $@

# What checks our JavaScript. Node itself came with the packages for development.
node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.tests-installed
	$(BIN)/npm ci --no-update-notifier
	touch $@

# The tests run against the wheel that people install, not against the checkout.
$(VENV)/.tests-installed: $(VENV)/.python $(SOURCES)
	sh .ci/system-packages tests
	$(BIN)/pip install --quiet --constraint constraints.txt build hatchling
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	$(BIN)/pip install --quiet --constraint constraints.txt "$$(ls dist/*.whl)[dev]"
	$(BIN)/pip install --quiet --force-reinstall --no-deps dist/*.whl
	sh .ci/browsers $(BIN)
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) node_modules dist build demo
