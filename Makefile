# From a clone to green: `make test`. What each target does is told by `make help`.
.DEFAULT_GOAL := help
.PHONY: help .venv .venv-ansible system images compiled format lint types layers shell budgets check unit test long lab bench demo drills docs

PYTEST := .venv/bin/python -m pytest
WORKERS := 4 # more than there are cores: these tests wait for hosts more than they compute
TOGETHER := $(PYTEST) -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m 'not alone'
ALONE := $(PYTEST) -q -m alone
PURE := not lab and not sshd and not shells and not userns and not long

help: ## what there is to make
	@sed -n 's/^\([.a-z]*\):[^#]*## /\1: /p' Makefile

.venv: .venv/.made ## remedy and its tools, in a virtual environment

.venv/.made: pyproject.toml tests/lab/venv.sh
	sh tests/lab/venv.sh .venv
	@touch $@

.venv-ansible: .venv/.made ## ansible-core in an environment of its own: the tests hold remedy's reading of inventories against it
	@sh tests/lab/ansible.sh .venv-ansible || echo "without ansible-core the tests that compare with it are skipped"

system: ## the machine's parts that the tests with real hosts need; as root, on a Debian
	sh tests/lab/system.sh

compiled: .venv/.made ## remedy's bytecode, as an installation has it: without, each start costs twice as much
	@.venv/bin/python -m compileall -q -x 'tests/lab/(recipe|stack_files)' remedy tests

format: .venv/.made
	.venv/bin/ruff format --check remedy tests

lint: .venv/.made
	.venv/bin/ruff check .

types: .venv/.made
	.venv/bin/mypy

layers: .venv/.made
	.venv/bin/lint-imports

shell: .venv/.made
	find remedy tests -name '*.sh' -exec .venv/bin/shellcheck {} +
	.venv/bin/shellcheck tests/lab/recipe*/files/usr/local/bin/* tests/lab/recipe_docker/files/usr/local/lib/lab/service/bin/service tests/lab/recipe_stack/files/usr/local/bin/* tests/lab/stack_files/usr/local/bin/* .ci/run

budgets: .venv/.made
	$(PYTEST) -q tests/test_structure.py tests/test_wheel.py

check: format lint types layers shell budgets ## all that is told without running remedy; each part can be made alone

unit: compiled ## the tests that need no host and no privilege
	$(PYTEST) -q -n $(WORKERS) --dist loadfile -m '$(PURE) and not alone' && $(PYTEST) -q -m '$(PURE) and alone'

images: system .venv/.made ## the images of the lab's hosts, built once: no test waits for that
	.venv/bin/python -m tests.lab.prepare

test: system compiled .venv-ansible images ## everything but the long tests, on real hosts where they can be had
	@checked=0; $(MAKE) --no-print-directory --keep-going --jobs 2 --output-sync check || checked=1; \
	$(TOGETHER) && $(ALONE) && exit $$checked

long: system compiled .venv-ansible images ## the tests that take minutes, too
	$(TOGETHER) --long && $(ALONE) --long

lab: system .venv/.made ## the lab's hosts for people to try remedy on, until Ctrl-C: a whole site, a plain host, a container; as root
	.venv/bin/python -m tests.lab.live

bench: system compiled ## remedy beside OpenSSH, pyinfra and Ansible: the table of docs/bench.md; BENCH_QUICK=1 takes two minutes and writes nothing
	.venv/bin/python -m tests.bench $(BENCH)

demo: .venv/.made ## remedy at work on a host of its own, without questions
	.venv/bin/remedy demo --yes

docs-lab: system .venv/.made ## write docs/terminal.md again: a night with remedy on a real host; as root
	.venv/bin/python -m tests.e2e.write_terminal

drills: system compiled images ## every shipped playbook drilled on hosts of the lab, and docs/drills.md written of it; as root
	.venv/bin/python -m tests.e2e.write_drills

docs: .venv/.made ## write again what is made from the code: schemas, the reference of actions, the table of proofs
	.venv/bin/python -m remedy.load.schemas
	.venv/bin/python -m tests.actions.matrix
	.venv/bin/python -m tests.cli.write_reference
	.venv/bin/python -m tests.fault_table
