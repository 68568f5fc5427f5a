# `make` alone prints what there is.
PYTHON ?= python3
# The active virtual or conda environment (conda's base is left alone), else .venv in this folder.
export ENV := $(or $(VIRTUAL_ENV),$(if $(filter-out base,$(CONDA_DEFAULT_ENV)),$(CONDA_PREFIX)),.venv)
export PYTHON
PY := "$$ENV/bin/python"
N := $(or $(N),$(n))
, := ,

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' Makefile

# nbgrader adds itself to JupyterLab: only what needs it installs it.
course test sync outputs: COURSE = 1

env: ## install what is needed (GPU=1: with CUDA; CONSTRAINTS=: the newest versions)
	@bash tools/install.sh "$$ENV" "notebooks,test$(if $(COURSE),$(,)course)$(if $(GPU),$(,)gpu)$(if $(BOOK),$(,)book)"

chapters: env ## run every chapter in full into build/chapters/ (N=03: only that one; N="03 05")
	@$(PY) -m tools run $(N)

quick: env ## run every chapter with small parameters into build/quick/ (N=03: only that one)
	@$(PY) -m tools quick $(N)

lab: env ## open JupyterLab on the chapters
	@$(PY) -m tools lab
	@$(PY) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/lab/tree/chapters

standalone: env ## write notebooks that need no clone into build/standalone/ (N=03: only that one)
	@$(PY) -m tools standalone $(N)

course: env ## write the exercises as a course for nbgrader into build/course/
	@$(PY) -m tools course $(N)

test: env ## check style, spelling, notebooks and code, and run every chapter with small parameters
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m codespell_lib
	@$(PY) -m pytest -q -n auto --dist worksteal --durations 10 $(ARGS)

test-fast: ## the same without running chapters, for work in progress
	@$(MAKE) --no-print-directory test ARGS='-m "not slow"'

test-oldest: ## run the tests on the lowest versions that pyproject.toml admits (Python 3.11 or 3.12)
	@RESOLUTION=lowest-direct CONSTRAINTS= bash tools/install.sh .venv-oldest notebooks,test,course
	@.venv-oldest/bin/python -m pytest -q -n auto --dist worksteal $(ARGS)

book: ## build the web book into build/book/, from the committed notebooks
	@$(MAKE) --no-print-directory env BOOK=1
	@$(PY) -m tools standalone > /dev/null
	@rm -rf build/book
	@$(PY) -m sphinx -b html -c docs -d build/doctrees -q -W --keep-going -E -j auto . build/book
	@echo "open build/book/index.html"

test-book: book ## open every page of the web book in headless Chromium
	@$(PY) -m pytest -q --noconftest --durations 5 tests/book_in_browser.py

experiments: env ## measure what the chapters quote (N=11: of that chapter; ONLY=question)
	@$(PY) -m experiments $(N) $(if $(ONLY),--only $(ONLY))

sync: env ## maintainer: numbers and notebooks in step with the scripts (N=03; KEEP=py or ipynb)
	@$(PY) -m tools sync $(N) $(if $(KEEP),--keep $(KEEP))

outputs: env ## maintainer: run in place, refresh outputs and results (N=03: only that one)
	@$(PY) -m tools outputs $(N)

pretrained: env ## maintainer: train a chapter's network for longer (N=15; goes on where it stopped)
	@$(PY) -m tools.pretrain $(N)

.PHONY: help env chapters quick lab standalone course test test-fast test-oldest book test-book \
	experiments sync outputs pretrained
