# `make` alone prints what there is.
PYTHON ?= python3
# The active virtual or conda environment (conda's base is left alone), else .venv in this folder.
ENV := $(or $(VIRTUAL_ENV),$(if $(filter-out base,$(CONDA_DEFAULT_ENV)),$(CONDA_PREFIX)),.venv)
PY := $(ENV)/bin/python
comma := ,
EXTRAS := notebooks,test$(if $(GPU),$(comma)gpu)
STAMP := $(ENV)/.genkeras-installed$(if $(GPU),-gpu)
OLDEST := .venv-oldest
NOTEBOOKS := $(PY) tools/notebooks.py
SOURCES := $(wildcard genkeras/*.py genkeras/assets/* chapters/*.py chapters/*.ipynb \
	chapters/results/* tests/*.py tools/*.py benchmarks/* README.md Makefile environment.yml)

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(STAMP) ## install what is needed (GPU=1: with CUDA)

# uv installs in half a minute what takes pip two; pip stands in where uv cannot (a proxy, say).
$(STAMP): pyproject.toml
	@test -x $(PY) || { echo "Creating $(ENV)"; $(PYTHON) -m venv $(ENV); }
	@echo "Installing TensorFlow, Keras, Jupyter and genkeras into $(ENV) (once; some minutes)"
	@$(PY) -m pip install --quiet --disable-pip-version-check uv \
		&& $(PY) -m uv pip install --python $(PY) -e ".[$(EXTRAS)]" \
		|| $(PY) -m pip install -e ".[$(EXTRAS)]"
	@touch $@

chapters: $(STAMP) ## run every chapter in full into build/chapters/ (N=03: only that one)
	@$(NOTEBOOKS) run $(N)

quick: $(STAMP) ## run every chapter with small parameters into build/quick/ (N=03: only that one)
	@$(NOTEBOOKS) quick $(N)

lab: $(STAMP) ## open JupyterLab on the chapters
	@$(PY) -m jupyterlab chapters

test: build/tests-passed ## check style, spelling, notebooks and code

build/tests-passed: $(STAMP) $(SOURCES)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m codespell_lib
	@$(PY) -m pytest -q
	@mkdir -p build && touch $@

test-oldest: ## run the tests on the lowest versions that pyproject.toml admits (Python 3.10 to 3.12)
	@test -x $(OLDEST)/bin/python || $(PYTHON) -m venv $(OLDEST)
	@$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(OLDEST)/bin/python -m uv pip install --python $(OLDEST)/bin/python \
		--resolution lowest-direct -e ".[notebooks,test]"
	@touch $(OLDEST)/.genkeras-installed
	@VIRTUAL_ENV=$(CURDIR)/$(OLDEST) $(OLDEST)/bin/python -m pytest -q

bench: $(STAMP) ## time the textbook's recipes against ours (about an hour)
	@$(PY) benchmarks/bench.py
	@$(PY) benchmarks/gans.py

sync: $(STAMP) ## maintainer: carry each chapter's .py into its .ipynb, results into README.md
	@$(NOTEBOOKS) sync

outputs: $(STAMP) ## maintainer: run in place, refresh outputs and results (N=03: only that one)
	@$(NOTEBOOKS) outputs $(N)

format: $(STAMP) ## maintainer: format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

feature-net: $(STAMP) ## maintainer: train the classifier behind the metrics again (needs the full set)
	@$(PY) tools/make_feature_net.py

sample: $(STAMP) ## maintainer: rebuild the bundled sample from the full Fashion-MNIST
	@$(PY) tools/make_sample.py

.PHONY: help env chapters quick lab test test-oldest bench sync outputs format feature-net sample
