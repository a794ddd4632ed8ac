"""Every module lists its public names, all of them and no others."""

from __future__ import annotations

import importlib
import pkgutil
import types
from collections.abc import Iterator

import pytest

import letitcrash_conformance
import letitcrash_fuzz
import letitcrash_reference


def modules_of(package: types.ModuleType) -> Iterator[str]:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not info.name.endswith("__main__"):
            yield info.name


MODULES = [
    *modules_of(letitcrash_reference),
    *modules_of(letitcrash_conformance),
    *modules_of(letitcrash_fuzz),
]
WITHOUT_NAMES = {
    "letitcrash_conformance.page",
    "letitcrash_conformance.subjects",
    "letitcrash_reference.drivers",
}
"""Packages that only hold modules."""


@pytest.mark.parametrize(
    "package", [letitcrash_reference, letitcrash_conformance, letitcrash_fuzz], ids=lambda package: package.__name__
)
def test_a_package_has_every_name_that_it_lists_and_lists_it_once(package: types.ModuleType) -> None:
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert len(set(package.__all__)) == len(package.__all__)


def test_the_reference_lists_what_it_imports() -> None:
    there = {
        name
        for name, value in vars(letitcrash_reference).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert set(letitcrash_reference.__all__) == there


def test_the_suite_does_not_load_what_nobody_asked_for() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        letitcrash_conformance.nonsense  # noqa: B018

    assert set(letitcrash_conformance.__all__) <= set(dir(letitcrash_conformance))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_its_own_public_classes_and_functions(name: str) -> None:
    module = importlib.import_module(name)
    if name in WITHOUT_NAMES:
        assert not hasattr(module, "__all__")
        return

    if ".scenarios." in name and name.rpartition(".")[2] != "scenario":
        assert module.__all__ == ["SCENARIOS"]  # its functions are not called by name
        return

    own = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name and callable(value)
    }
    assert [key for key in module.__all__ if not hasattr(module, key)] == []
    assert sorted(own - set(module.__all__)) == []
