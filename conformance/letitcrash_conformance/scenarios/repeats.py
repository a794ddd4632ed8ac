"""Scenarios of signals and names: what works once works again, in the other direction, and with more than one peer."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_exits = partial(scenario, SCENARIOS, "exits")
_links = partial(scenario, SCENARIOS, "links")
_monitors = partial(scenario, SCENARIOS, "monitors")
_registry = partial(scenario, SCENARIOS, "registry")
_REASONS: tuple[Reason, ...] = (
    "normal",
    "shutdown",
    {"shutdown": "s1"},
    "kill",
    "killed",
    "noproc",
    {"error": "e1"},
)


# -- exits ------------------------------------------------------------------------------------------------------------


@_exits("EXIT-21", "EXIT-7", "EXIT-9")
def a_process_may_change_its_mind_about_trapping_again_and_again(w: Writer) -> None:
    w.spawn("p1")
    for number in range(1, 5):
        w.call("p1", "trap_exit", True)
        w.exit("p1", {"error": f"e{number}"})
        w.look()
        w.call("p1", "trap_exit", False)
        w.exit("p1", "normal")
        w.look()
    w.call("p1", "trap_exit", True)
    w.exit("p1", "normal")
    w.look()
    w.call("p1", "trap_exit", False)
    w.exit("p1", "shutdown")
    w.look()


@_exits("EXIT-7", "EXIT-9", "EXIT-11")
def a_trapping_process_gets_every_reason_from_everybody(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2")
    for reason in _REASONS:
        if reason != "kill":
            w.exit("p1", reason)
            w.look()
            w.cast("p2", "exit", "p1", reason)
            w.look()
            w.cast("p1", "exit", "p1", reason)
            w.look()


@_exits("EXIT-2", "EXIT-7")
def the_text_of_a_reason_may_be_any(w: Writer) -> None:
    w.trapping("p1")
    for number, text in enumerate(
        ("", " padded ", "normal", "\u00e9\u6f22\U0001f600", 'a "quoted" \\ line', "long " * 80)
    ):
        for kind in ("shutdown", "error"):
            label = f"{kind}{number}"
            w.spawn(label)
            w.call("p1", "monitor", label, f"m{label}")
            w.look()
            w.cast(label, "stop", {kind: text})
            w.look()
            w.exit("p1", {kind: text})
            w.look()


@_exits("GS-55")
def a_parent_is_a_parent_with_and_without_the_link(w: Writer) -> None:
    for number, reason in enumerate((*_REASONS[:3], {"error": "e1"})):
        w.spawn(f"p{number}")
        for child, is_linked in ((f"q{number}", True), (f"r{number}", False)):
            w.call(f"p{number}", "spawn", child, w.probe(trap_exit=True), "link")
            if not is_linked:
                w.call(f"p{number}", "unlink", child)
            w.call(child, "add", 1)
            w.cast(f"p{number}", "exit", child, reason)
            w.look()


@_exits("EXIT-21", "EXIT-7", "LNK-15")
def a_child_without_its_link_traps_as_before(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "spawn", "q1", w.probe(trap_exit=True), "link")
    w.call("p1", "unlink", "q1")
    w.call("p2", "link", "q1")
    w.look()
    w.exit("q1", {"error": "e1"})
    w.crash("p2")
    w.look()
    w.call("q1", "trap_exit", True)


# -- links ------------------------------------------------------------------------------------------------------------


@_links("LNK-17", "LNK-15", "LNK-4", "LNK-1")
def a_pair_is_linked_and_unlinked_again_and_again(w: Writer) -> None:
    w.trapping("p1", "p2")
    for number in range(4):
        one, other = ("p1", "p2") if number % 2 else ("p2", "p1")
        w.call(one, "link", other)
        w.look()
        w.call("p1", "links")
        w.call("p2", "links")
        w.call("p1" if number < 2 else other, "unlink", "p2" if number < 2 else one)
        w.look()
        w.call("p1", "links")
        w.call("p2", "links")
    w.call("p1", "link", "p2")
    w.look()
    w.crash("p2")
    w.look()


@_links("LNK-4", "LNK-15")
def whoever_made_a_link_either_side_removes_it(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4", "p5")
    w.call("p1", "link", "p2")
    w.call("p3", "link", "p4")
    w.call("p5", "spawn", "p6", w.probe(), "link")
    w.look()
    w.call("p2", "unlink", "p1")
    w.call("p3", "unlink", "p4")
    w.call("p6", "unlink", "p5")
    w.look()
    w.crash("p1", "p4", "p5")
    w.look()
    for label in ("p2", "p3", "p6"):
        w.call(label, "links")


@_links("LNK-9", "LNK-1", "LNK-18")
def children_and_parents_stand_among_the_links(w: Writer) -> None:
    w.trapping("p1")
    w.call("p1", "spawn", "q1", w.probe(), "link")
    w.call("p1", "spawn", "q2", w.probe(), "link")
    w.call("p1", "spawn", "q3", w.probe(), "plain")
    for label in ("p1", "q1", "q2", "q3"):
        w.call(label, "links")
    w.crash("q1")
    w.look()
    w.call("p1", "links")
    w.call("q2", "unlink", "p1")
    w.look()
    w.call("p1", "links")
    w.call("q2", "links")


@_links("LNK-1", "LNK-18")
def a_trapping_process_hears_of_five_deaths_one_after_another(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("q1", "q2", "q3", "q4", "q5")
    for number in range(1, 6):
        w.call("p1", "link", f"q{number}")
        w.look()
    for number in range(1, 6):
        w.look()
        w.cast(f"q{number}", "stop", {"error": f"e{number}"})
    w.look()
    w.call("p1", "links")


@_links("LNK-6")
def linking_to_the_dead_says_so_each_time(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.stop("p2")
    w.stop("p3", {"error": "e1"})
    for _ in range(3):
        w.call("p1", "link", "p2")
        w.look()
        w.call("p1", "link", "p3")
        w.look()
    w.call("p1", "links")


@_links("LNK-1", "LNK-18")
def a_busy_process_hears_of_linked_ends(w: Writer) -> None:
    for number in range(3):
        label = f"p{number}"
        w.trapping(label)
        w.spawn(f"q{number}")
        w.call(label, "link", f"q{number}")
        w.look()
        w.cast(label, "sleep", w.ms(50, 100))
        w.crash(f"q{number}")
        w.look()
        w.call(label, "links")


@_links("LNK-1", "LNK-15", "LNK-17")
def everybody_links_and_unlinks_everybody(w: Writer) -> None:
    w.trapping("p1", "p2", "p3")
    for one in (1, 2, 3):
        for other in (1, 2, 3):
            if one != other:
                for action in ("link", "unlink", "link") if one < other else ("unlink", "link"):
                    w.call(f"p{one}", action, f"p{other}")
                    w.look()
                    w.call(f"p{one}", "links")
                    w.call(f"p{other}", "links")
    for one in (1, 2):
        w.crash(f"p{one}")
        w.look()


# -- monitors ---------------------------------------------------------------------------------------------------------


@_monitors("MON-2", "MON-3")
def watching_the_dead_says_so_each_time(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.stop("p2", {"error": "e1"})
    for number in range(3):
        w.call("p1", "monitor", "p2", f"a{number}")
        w.call("p1", "monitor", {"name": "n1"}, f"b{number}")
        w.look()


@_monitors("MON-1")
def five_processes_are_watched_at_once(w: Writer) -> None:
    w.spawn("p1", "q1", "q2", "q3", "q4", "q5")
    for number in range(1, 6):
        w.call("p1", "monitor", f"q{number}", f"m{number}")
        w.look()
    for number in range(1, 6):
        w.cast(f"q{number}", "stop", {"error": f"e{number}"})
        w.look()


@_monitors("MON-15")
def monitors_by_name_and_by_process_are_two(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.spawn("q1", name="n1")
    w.call("p1", "monitor", "q1", "m1")
    w.call("p1", "monitor", {"name": "n1"}, "m2")
    w.call("p2", "monitor", {"name": "n1"}, "m3")
    w.call("p2", "monitor", "q1", "m4")
    w.call("p2", "monitor", {"name": "n1"}, "m5")
    w.look()
    w.call("p2", "demonitor", "m3", False)
    w.look()
    w.stop("q1", "shutdown")
    w.look()


@_monitors("MON-9")
def flush_spares_the_other_monitors_on_that_process(w: Writer) -> None:
    for number in range(1, 4):
        w.spawn(f"p{number}", f"q{number}")
        for monitor in range(1, 4):
            w.call(f"p{number}", "monitor", f"q{number}", f"m{number}{monitor}")
        w.look()
        w.cast(f"p{number}", "sleep", w.ms(50, 100))
        w.cast(f"p{number}", "demonitor", f"m{number}{number}", True)
        w.crash(f"q{number}")
        w.look()


@_monitors("MON-16", "MON-4", "GS-10")
def a_monitored_start_makes_no_link(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2")
    w.call("p1", "spawn", "q1", w.probe(), {"monitor": "m1"})
    w.call("p2", "spawn", "q2", w.probe(), {"monitor": "m2"})
    w.look()
    w.crash("p2")
    w.look()
    w.call("q2", "add", 1)
    w.cast("q1", "stop", {"error": "e1"})
    w.look()


@_monitors("MON-1", "LNK-12")
def a_monitor_tells_why_a_linked_process_went_along(w: Writer) -> None:
    w.spawn("p1")
    for number, reason in enumerate(_REASONS[1:]):
        w.spawn(f"q{number}", f"r{number}")
        w.call("p1", "monitor", f"r{number}", f"m{number}")
        w.call(f"q{number}", "link", f"r{number}")
        w.look()
        w.cast(f"q{number}", "stop", reason)
        w.look()


@_monitors("MON-1", "MON-21")
def a_busy_process_hears_of_deaths(w: Writer) -> None:
    for number in range(3):
        label = f"p{number}"
        w.spawn(label, f"q{number}", f"r{number}")
        w.call(label, "monitor", f"q{number}", f"a{number}")
        w.look()
        w.cast(label, "sleep", w.ms(50, 100))
        w.crash(f"q{number}")
        w.look()
        w.call(label, "monitor", f"r{number}", f"b{number}")
        w.look()
        w.crash(f"r{number}")
        w.look()


@_monitors("MON-1")
def everybody_watches_everybody_and_takes_it_back(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for one in (1, 2, 3):
        for other in (1, 2, 3):
            if one != other:
                w.call(f"p{one}", "monitor", f"p{other}", f"a{one}{other}")
                w.call(f"p{one}", "monitor", f"p{other}", f"b{one}{other}")
                w.look()
                w.call(f"p{one}", "demonitor", f"a{one}{other}", False)
                w.look()
    for one in (1, 2):
        w.crash(f"p{one}")
        w.look()


# -- names ------------------------------------------------------------------------------------------------------------


@_registry("REG-10", "REG-16", "REG-11", "REG-1")
def a_name_that_moves_leads_to_its_holder_only(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2", "p3", "p4", "p5")
    for number, reader in ((1, "p5"), (2, "p5"), (3, "p5")):
        w.send({"name": "n1"}, f"to p{number}")
        w.cast({"name": "n1"}, "add", 1)
        w.call({"name": "n1"}, "add", 10)
        w.cast(reader, "send", {"name": "n1"}, f"from p5 to p{number}")
        w.look()
        w.put("unregister", name="n1")
        w.put("name_of", to=f"p{number}")
        w.put("register", name="n1", to=f"p{number + 1}")
    w.put("register", name="n2", to="p1")
    w.put("unregister", name="n2")
    w.look()
    w.kill("p1")
    w.crash("p2")
    w.look()
    w.put("whereis", name="n1")
    w.call({"name": "n1"}, "add", 1)
    w.put("register", name="n2", to="p3")
    w.kill("p3")
    w.look()
    w.put("whereis", name="n1")
    w.put("whereis", name="n2")


@_registry("REG-10", "LNK-1")
def a_process_without_its_name_is_as_before(w: Writer) -> None:
    w.trapping("p1", name="n1")
    w.trapping("p2")
    w.spawn("p3")
    w.call("p1", "link", "p2")
    w.call("p1", "monitor", "p3", "m1")
    w.call("p3", "monitor", "p1", "m2")
    w.look()
    w.put("unregister", name="n1")
    w.put("name_of", to="p1")
    w.call("p1", "links")
    w.exit("p1", {"error": "e1"})
    w.look()
    w.call("p1", "add", 1)
    w.kill("p1")
    w.look()


@_registry("REG-1", "REG-15", "REG-11")
def six_names_are_kept_apart(w: Writer) -> None:
    for number in range(1, 7):
        w.spawn(f"p{number}", name=f"n{number}")
    w.look()
    for number in range(1, 7):
        w.call({"name": f"n{number}"}, "add", number)
    w.stop("p2")
    w.crash("p5")
    w.look()
    for number in (1, 2, 5, 6):
        w.put("whereis", name=f"n{number}")


@_registry("GS-30", "GS-28")
def a_call_by_name_that_runs_out_of_time_is_done_once(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.cast({"name": "n1"}, "sleep", w.ms(100, 200))
    w.call({"name": "n1"}, "add", 1, timeout_ms=w.ms(20, 30))
    w.look()
    w.call({"name": "n1"}, "get")
