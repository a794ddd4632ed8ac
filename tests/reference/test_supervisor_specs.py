from __future__ import annotations

import math
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    ChildSpec,
    CustomStart,
    DynamicSupervisorSpec,
    InvalidSpecError,
    Runtime,
    SupervisorSpec,
)
from tests.reference.servers import Worker


async def custom(rt: Runtime) -> None:
    return None


@pytest.mark.clause("SUP-8", "X-1")
def test_what_is_not_said_has_a_default() -> None:
    spec = SupervisorSpec()
    assert (spec.strategy, spec.children, spec.max_restarts, spec.max_seconds) == ("one_for_one", (), 3, 5.0)
    assert (spec.auto_shutdown, spec.name) == ("never", None)
    dynamic = DynamicSupervisorSpec()
    assert (dynamic.max_restarts, dynamic.max_seconds, dynamic.max_children) == (3, 5.0, None)
    worker, branch = ChildSpec("a", Worker), ChildSpec("b", spec)
    assert (worker.restart, worker.shutdown, worker.type, worker.significant) == ("permanent", 5.0, "worker", False)
    assert (branch.restart, branch.shutdown, branch.type) == ("permanent", "infinity", "supervisor")
    assert ChildSpec("c", Worker, type="supervisor").shutdown == "infinity"
    assert ChildSpec("d", dynamic, shutdown=1).shutdown == 1


@pytest.mark.clause("SUP-10", "STR-35", "DYN-E3")
@pytest.mark.parametrize(
    ("option", "fields"),
    [
        ("id", {"id": ""}),
        ("id", {"id": 1}),
        ("start", {"start": 1}),
        ("restart", {"restart": "always"}),
        ("restart", {"restart": None}),
        ("shutdown", {"shutdown": -1}),
        ("shutdown", {"shutdown": math.inf}),
        ("shutdown", {"shutdown": "soon"}),
        ("shutdown", {"shutdown": True}),
        ("type", {"type": "server"}),
        ("significant", {"significant": 1}),
        ("significant", {"significant": True}),
        ("backend", {"backend": "thread"}),
        ("name", {"name": ""}),
        ("start", {"start": SupervisorSpec(), "name": "x"}),
        ("start", {"start": DynamicSupervisorSpec(), "backend": Backend.THREAD}),
        ("start", {"start": CustomStart(custom), "name": "x"}),
    ],
)
def test_a_child_that_makes_no_sense_is_refused_where_it_is_described(option: str, fields: dict[str, Any]) -> None:
    given: dict[str, Any] = {"id": "a", "start": Worker, **fields}
    with pytest.raises(InvalidSpecError, match=r"^expected .*, got ") as caught:
        ChildSpec(**given)
    assert caught.value.option == option
    assert isinstance(caught.value, ValueError)


@pytest.mark.clause("SUP-7", "SUP-9", "STR-35")
@pytest.mark.parametrize(
    ("option", "fields"),
    [
        ("strategy", {"strategy": "one_for_none"}),
        ("children", {"children": ["a"]}),
        ("children", {"children": [ChildSpec("a", Worker), ChildSpec("a", Worker)]}),
        ("max_restarts", {"max_restarts": -1}),
        ("max_restarts", {"max_restarts": 1.5}),
        ("max_restarts", {"max_restarts": True}),
        ("max_seconds", {"max_seconds": 0}),
        ("max_seconds", {"max_seconds": -1}),
        ("max_seconds", {"max_seconds": math.inf}),
        ("max_seconds", {"max_seconds": math.nan}),
        ("auto_shutdown", {"auto_shutdown": "always"}),
        ("name", {"name": 1}),
        ("significant", {"children": [ChildSpec("a", Worker, restart="transient", significant=True)]}),
    ],
)
def test_a_supervisor_that_makes_no_sense_is_refused_where_it_is_described(option: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpecError, match=r"^expected .*, got ") as caught:
        SupervisorSpec(**fields)
    assert caught.value.option == option


@pytest.mark.clause("DYN-E4", "SUP-9")
@pytest.mark.parametrize("option", ["max_children", "max_restarts", "max_seconds"])
def test_a_dynamic_supervisor_that_makes_no_sense_is_refused_too(option: str) -> None:
    fields: dict[str, Any] = {option: -1}
    with pytest.raises(InvalidSpecError):
        DynamicSupervisorSpec(**fields)
