"""The rules of restarting: who is restarted after which end, and with whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from letitcrash_reference.children import Child
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.specs import AutoShutdown, Restart, Strategy

__all__ = ["find_group", "is_over", "needs_restart"]


def needs_restart(restart: Restart, reason: ExitReason) -> bool:
    """Return whether a child that ended by itself is to be started again. Source: STR-1 to STR-3, EXIT-27."""
    match restart:
        case "permanent":
            return True
        case "transient":
            return reason.is_abnormal
        case "temporary":
            return False
        case _:
            assert_never(restart)


def find_group(strategy: Strategy, children: Collection[Child], failed: Child) -> list[Child]:
    """Return who is restarted together.

    Args:
        strategy: The supervisor's.
        children: All children, in start order.
        failed: One of them.

    Returns:
        The failed one and those that share its fate, in start order.

    Source:
        STR-5, STR-7, STR-8.
    """
    match strategy:
        case "one_for_one":
            return [failed]
        case "one_for_all":
            return list(children)
        case "rest_for_one":
            ordered = list(children)
            return ordered[ordered.index(failed) :]
        case _:
            assert_never(strategy)


def is_over(auto_shutdown: AutoShutdown, children: Collection[Child], ended: Child) -> bool:
    """Return whether the supervisor is to shut down because a child ended by itself and is not restarted.

    Source:
        STR-30 to STR-34.
    """
    if not ended.spec.significant:
        return False
    match auto_shutdown:
        case "never":
            return False
        case "any_significant":
            return True
        case "all_significant":
            return not any(child.spec.significant and not child.is_down for child in children)
        case _:
            assert_never(auto_shutdown)
