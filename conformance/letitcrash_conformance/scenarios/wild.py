"""Scenarios after faults that were reported of real runtimes, where a search alone met them too seldom."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_monitors = partial(scenario, SCENARIOS, "monitors")
_genserver = partial(scenario, SCENARIOS, "genserver")
_strategies = partial(scenario, SCENARIOS, "strategies")
_shutdown = partial(scenario, SCENARIOS, "shutdown")
_dynamic = partial(scenario, SCENARIOS, "dynamic_supervisor")


@_monitors("MON-1", "MON-4", "MON-5", "MON-15")
def the_death_of_one_watcher_concerns_no_other(w: Writer) -> None:
    targets: tuple[Json, ...] = ({"name": "n1"}, "t2")
    for number, target in enumerate(targets, 1):
        w.spawn(f"t{number}", **({"name": "n1"} if number == 1 else {}))
        w.spawn(*(f"w{number}{which}" for which in "abc"))
        for which in "abc":
            w.call(f"w{number}{which}", "monitor", target, f"m{number}{which}")
        w.kill(f"w{number}a")
        w.look()
        w.stop(f"w{number}b", "normal")
        w.look()
        w.stop(f"t{number}", "shutdown")
        w.look()


@_monitors("MON-1", "MON-3", "MON-5", "MON-15")
def a_name_can_be_watched_again_whoever_holds_it(w: Writer) -> None:
    w.spawn("w1", "w2")
    name: Json = {"name": "n1"}
    w.call("w1", "monitor", name, "m0")
    w.look()
    for number, reason in enumerate(("normal", "shutdown", "kill"), 1):
        holder = f"t{number}"
        w.spawn(holder, name="n1")
        for watcher in ("w1", "w2"):
            w.call(watcher, "monitor", name, f"{watcher}m{number}")
        w.exit(holder, reason) if reason == "kill" else w.stop(holder, reason)
        w.look()


@_genserver("GS-61", "GS-50")
def a_stop_that_may_take_no_time_is_asked_for_all_the_same(w: Writer) -> None:
    w.spawn("p1", terminate={"sleep": w.ms(100, 300)})
    w.call("p1", "add", 1)
    w.stop("p1", "shutdown", timeout_ms=0)
    w.look()


@_genserver("GS-37", "GS-51", "EXIT-3", "EXIT-23")
def what_waits_for_a_server_that_crashes_is_not_handled(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.later("p1", w.ms(50, 200), "crash", "boom")
    w.cast("p1", "send", "p3", "cast")
    w.send("p1", "info")
    w.look()
    w.cast("p2", "sleep", w.ms(50, 200))
    w.send("p2", "!crash")
    w.send("p2", "info")
    w.cast("p2", "send", "p3", "cast")
    w.look()


@_genserver("GS-27", "EXIT-7", "LNK-1", "MON-1", "GS-37")
def a_call_leaves_the_messages_of_others_alone(w: Writer) -> None:
    slow = w.ms(200, 600)
    for number, patience in enumerate((w.ms(1000, 5000), w.ms(100, 300)), 1):
        caller, server, peer, other = (f"{kind}{number}" for kind in ("caller", "server", "peer", "other"))
        w.trapping(caller)
        w.spawn(server, peer, other)
        w.call(caller, "link", peer)
        w.call(caller, "monitor", other, f"m{number}")
        w.cast(caller, "call", server, ["sleep", slow], patience)
        w.crash(peer)
        w.kill(other)
        w.send(caller, "info")
        w.look()
        w.call(caller, "call", server, ["add", 1], w.ms(1000, 5000))
        w.look()


@_strategies("STR-7", "STR-8", "STR-16", "SHUT-15")
def a_sibling_that_cleans_up_already_is_awaited(w: Writer) -> None:
    for strategy in ("one_for_all", "rest_for_one"):
        w.tree(
            strategy,
            w.worker("a"),
            w.trapper("b", terminate={"sleep": w.ms(200, 500)}),
            w.trapper("c"),
            strategy=strategy,
        )
        w.cast(f"{strategy}/b#1", "stop", {"error": "boom"})
        w.crash(f"{strategy}/a#1")
        w.look()
        w.crash(f"{strategy}/b#2")
        w.look()


@_strategies("STR-16", "STR-17", "INT-4")
def two_deaths_at_once_leave_room_for_another_restart(w: Writer) -> None:
    for strategy in ("one_for_all", "rest_for_one"):
        w.tree(strategy, *(w.worker(child) for child in "abc"), strategy=strategy, max_restarts=2)
        w.put("suspend", to=strategy)
        for child in "ab":
            w.crash(f"{strategy}/{child}#1")
            w.look()
        w.put("resume", to=strategy)
        w.look()
        w.crash(f"{strategy}/b#2")
        w.look()


@_strategies("STR-1", "STR-5", "STR-6", "STR-7", "STR-8", "GS-51")
def a_child_comes_back_after_its_cleanup(w: Writer) -> None:
    slow: Json = {"sleep": w.ms(100, 900)}
    for strategy in ("one_for_one", "one_for_all", "rest_for_one"):
        named = strategy == "rest_for_one"
        child = w.worker("a", name="n1", terminate=slow) if named else w.worker("a", terminate=slow)
        w.tree(strategy, child, w.worker("b"), strategy=strategy)
        w.crash(f"{strategy}/a#1")
        w.look()
        w.cast(f"{strategy}/a#2", "stop", "normal")
        w.look()


@_shutdown("SHUT-1", "SHUT-8", "SHUT-9")
def a_child_that_cleans_up_already_is_awaited_at_the_end(w: Writer) -> None:
    w.tree("s1", w.trapper("a"), w.trapper("b", terminate={"sleep": w.ms(200, 500)}), w.trapper("c"))
    w.cast("s1/b#1", "stop", {"error": "boom"})
    w.stop("s1", "shutdown")
    w.look()


@_shutdown("SUP-16", "SHUT-1")
def a_supervisor_that_is_killed_at_its_end_leaves_nobody(w: Writer) -> None:
    w.tree(
        "s1", w.worker("a"), w.trapper("b"), w.trapper("c", shutdown="infinity", terminate={"sleep": w.ms(300, 900)})
    )
    w.stop("s1", "shutdown", timeout_ms=w.ms(50, 200))
    w.kill("s1")
    w.look()


@_dynamic("DYN-E10", "SUP-52", "DYN-E6")
def nobody_can_be_counted(w: Writer) -> None:
    w.pool("s1")
    w.ask("s1")
    w.add("s1", w.worker("a"))
    w.end("s1", "s1/a#1")
    w.ask("s1")
    w.look()


@_dynamic("DYN-E2", "DYN-E8", "DYN-E11", "SUP-17")
def starts_that_ignored_do_not_disturb_the_end(w: Writer) -> None:
    for way in ("restart", "addition"):
        w.pool(way)
        w.add(way, w.trapper("a"))
        w.add(way, w.worker("b", init=["ok" if way == "restart" else "ignore", "ignore"]))
        if way == "restart":
            w.crash("restart/b#1")
        w.look()
        w.stop(way, "shutdown")
        w.look()
