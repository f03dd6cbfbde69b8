# Each target works on a fresh checkout with Python 3.11+, a C++20 compiler and make; all that is made lies in .venv, build and out.
PYTHON ?= python3
BIN := .venv/bin
BUILT_FROM := pyproject.toml CMakeLists.txt $(wildcard native/*/*.cpp native/*/*.hpp)
CPP_TESTS = $(BIN)/cmake -S . -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DCMAKE_BUILD_TYPE=Debug \
  -DLIMPID_MODULE=OFF -DLIMPID_TESTS=ON
# Tests and benchmarks that need data are skipped, with the reason, where this names nothing.
export LIMPID_DATA ?= $(abspath $(wildcard ../shared/data))

.PHONY: setup run test check format bench sanitize coverage clean

setup: .venv/dev

run: .venv/user
	@mkdir -p out
	$(BIN)/limpid train digits --model out/digits.limpid --report out/digits.html

test: .venv/dev
	$(BIN)/pytest -n auto --cov --cov-report=term

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run -Werror native/*/*.cpp native/*/*.hpp

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i native/*/*.cpp native/*/*.hpp

bench: .venv/bench
	$(BIN)/python -m benchmarks.run

sanitize: .venv/dev
	for sanitizers in address,undefined thread; do \
	  $(CPP_TESTS) -B build/$$sanitizers -DLIMPID_SANITIZE=$$sanitizers && \
	  $(BIN)/cmake --build build/$$sanitizers && \
	  $(BIN)/ctest --test-dir build/$$sanitizers --output-on-failure || exit 1; \
	done

# The share of the C++ core's lines that its own tests reach.
coverage: .venv/dev
	rm -rf build/coverage  # counts of files that are gone would be added
	$(CPP_TESTS) -B build/coverage -DLIMPID_COVERAGE=ON
	$(BIN)/cmake --build build/coverage
	$(BIN)/ctest --test-dir build/coverage --output-on-failure
	$(BIN)/gcovr --root . --filter native/core --merge-lines build/coverage

clean:
	rm -rf .venv build out

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/user: .venv/bin/python $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

.venv/dev: .venv/bin/python $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev]'
	@touch $@ .venv/user

.venv/bench: .venv/bin/python $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,bench]'
	@touch $@ .venv/user
