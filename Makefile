# `make` alone prints what there is.
PYTHON ?= python3
# The active virtual or conda environment (conda's base is left alone), else .venv in this folder.
export ENV := $(or $(VIRTUAL_ENV),$(if $(filter-out base,$(CONDA_DEFAULT_ENV)),$(CONDA_PREFIX)),.venv)
export PYTHON GPU
PY := "$$ENV/bin/python"
BOOK := PYTHONPATH=tools $(PY) -m book

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

env: ## install what is needed (GPU=1: with CUDA)
	@bash tools/install.sh "$$ENV" "$(if $(GPU),notebooks$(,)test$(,)gpu,notebooks$(,)test)"

chapters: env ## run every chapter in full into build/chapters/ (N=03: only that one)
	@$(BOOK) run $(N)

quick: env ## run every chapter with small parameters into build/quick/ (N=03: only that one)
	@$(BOOK) quick $(N)

lab: env ## open JupyterLab on the chapters
	@$(PY) -m jupyterlab chapters

standalone: env ## write notebooks that need no clone into build/standalone/ (N=03: only that one)
	@$(BOOK) standalone $(N)

test: env ## check style, spelling, notebooks and code, and run every chapter with small parameters
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m codespell_lib
	@$(PY) -m pytest -q -n auto --dist worksteal --durations 10

test-fast: env ## the same without running chapters, for work in progress
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m codespell_lib
	@$(PY) -m pytest -q -n auto --dist worksteal -m "not slow"

test-oldest: ## run the tests on the lowest versions that pyproject.toml admits (Python 3.10 to 3.12)
	@ENV=.venv-oldest RESOLUTION=lowest-direct bash tools/install.sh .venv-oldest notebooks,test
	@VIRTUAL_ENV="$(CURDIR)/.venv-oldest" .venv-oldest/bin/python -m pytest -q -n auto --dist worksteal

book: book-env ## build the web book into build/book/, from the committed notebooks
	@$(BOOK) web

test-book: chromium book ## open every page of the web book in headless Chromium
	@$(PY) -m pytest -q --durations 5 tests/book_in_browser.py

book-env:
	@bash tools/install.sh "$$ENV" notebooks,test,book

chromium:
	@command -v chromium > /dev/null || { echo "make test-book: Chromium is missing; \
	install it first, for example with: apt-get install chromium" >&2; exit 1; }

bench: env ## time the textbook's recipes against ours (about an hour; ONLY="conv dcgan": only these)
	@$(PY) benchmarks $(ONLY)

sync: env ## maintainer: numbers and notebooks in step with the scripts (N=03; KEEP=py or ipynb)
	@$(BOOK) sync $(N) $(if $(KEEP),--keep $(KEEP))

outputs: env ## maintainer: run in place, refresh outputs and results (N=03: only that one)
	@$(BOOK) outputs $(N)

badges: env ## maintainer: links to Colab, Kaggle and Binder (REPO=owner/name; without it: none)
	@$(BOOK) badges $(if $(REPO),--repo '$(REPO)')

alt: env ## maintainer: list the figures without alternative text
	@$(BOOK) alt $(N)

format: env ## maintainer: format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

feature-net: env ## maintainer: train the classifier behind the metrics again (needs the full set)
	@$(PY) tools/make_feature_net.py

pretrained: env ## maintainer: train a chapter's network for longer (N=15: one to two hours; goes on where it stopped)
	@$(PY) tools/pretrain.py $(N)

sample: env ## maintainer: rebuild the bundled sample from the full Fashion-MNIST
	@$(PY) tools/make_sample.py

, := ,

.PHONY: help env chapters quick lab standalone test test-fast test-oldest bench sync outputs badges alt \
	format feature-net pretrained sample book test-book book-env chromium
