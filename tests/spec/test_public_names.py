"""The package offers exactly what it says it offers."""

from __future__ import annotations

import importlib
import pkgutil
import types

import pytest

import letitcrash_spec

MODULES = [info.name for info in pkgutil.iter_modules(letitcrash_spec.__path__) if not info.ispkg]


def test_the_package_lists_what_it_imports() -> None:
    there = {
        name
        for name, value in vars(letitcrash_spec).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert set(letitcrash_spec.__all__) == there


def test_no_name_is_listed_twice() -> None:
    assert len(set(letitcrash_spec.__all__)) == len(letitcrash_spec.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_every_name_that_it_lists(name: str) -> None:
    module = importlib.import_module(f"letitcrash_spec.{name}")

    assert [n for n in module.__all__ if not hasattr(module, n)] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_every_public_class_and_function_that_it_defines(name: str) -> None:
    module = importlib.import_module(f"letitcrash_spec.{name}")

    own = {
        n
        for n, value in vars(module).items()
        if not n.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert own <= set(module.__all__)
