"""Scenarios of chapter `registry`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_registry = partial(scenario, SCENARIOS, "registry")


@_registry("REG-1", "REG-12", "REG-15", "REG-16")
def a_name_leads_to_its_holder(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.put("whereis", name="n1")
    w.put("register", name="n1", to="p1")
    w.put("whereis", name="n1")
    w.put("name_of", to="p1")
    w.put("name_of", to="p2")
    w.call({"name": "n1"}, "add", 5)
    w.cast({"name": "n1"}, "add", 5)
    w.send({"name": "n1"}, "hello")
    w.look()
    w.call("p1", "get")


@_registry("REG-1", "REG-11", "REG-12", "REG-15", "REG-16")
def names_differ_in_every_character(w: Writer) -> None:
    names = ("n1", "N1", "n1 ", "n11")
    w.put("whereis", name=names[0])
    for number, name in enumerate(names):
        w.spawn(f"p{number}")
        w.put("register", name=name, to=f"p{number}")
        for other in names:
            w.put("whereis", name=other)
        w.put("name_of", to=f"p{number}")
    for number, name in enumerate(names):
        w.call({"name": name}, "add", number + 1)
    w.look()
    w.put("unregister", name=names[0])
    w.stop("p2")
    for name in names:
        w.put("whereis", name=name)
    w.look()


@_registry("REG-2", "REG-3", "REG-4", "REG-5")
def a_name_is_given_once_and_a_process_has_one(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.put("register", name="n1", to="p1")
    w.put("register", name="n1", to="p2")
    w.put("register", name="n1", to="p1")
    w.put("register", name="n2", to="p1")
    w.call("p2", "register", "n1")
    w.call("p1", "register", "n3")
    w.stop("p3")
    w.put("register", name="n3", to="p3")
    w.look()


@_registry("REG-8", "REG-9", "REG-10")
def a_name_can_be_taken_away_and_given_to_another(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.put("unregister", name="n1")
    w.put("register", name="n1", to="p1")
    w.cast({"name": "n1"}, "add", 7)
    w.put("unregister", name="n1")
    w.put("unregister", name="n1")
    w.put("register", name="n1", to="p2")
    w.put("register", name="n2", to="p1")
    w.look()
    w.call("p1", "get")
    w.call({"name": "n1"}, "get")


@_registry("REG-11", "GS-64", "EXIT-25")
def a_name_passes_through_five_lives(w: Writer) -> None:
    deaths: tuple[Reason, ...] = ("kill", "crash", "stop", {"error": "e1"}, "kill")
    for number, death in enumerate(deaths):
        label = f"p{number}"
        w.spawn(label, name="n1", value=number)
        w.call({"name": "n1"}, "get")
        if death == "crash":
            w.call(label, "crash", "boom")
        elif death == "stop":
            w.stop(label, "shutdown")
        else:
            w.exit(label, death)
            w.look()
        w.put("whereis", name="n1")
        w.put("name_of", to=label)


@_registry("REG-13")
def of_several_who_take_one_name_one_succeeds(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    for label in ("p1", "p2", "p3", "p4"):
        w.cast(label, "register", "n1")
    w.look()
    w.put("whereis", name="n1")
    w.look()


@_registry("REG-14", "GS-24", "GS-36", "GS-60")
def an_unknown_name_is_noproc_but_not_for_casts(w: Writer) -> None:
    w.spawn("p1")
    nobody = {"name": "n3"}
    w.send(nobody, "hello")
    w.cast(nobody, "add", 1)
    w.call(nobody, "get")
    w.stop(nobody)
    w.call("p1", "send", nobody, "hello")
    w.call("p1", "cast", nobody, ["add", 1])
    w.look()


@_registry("REG-17", "GS-12")
def a_named_start_registers_before_init_and_refuses_a_taken_name(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2", name="n1")
    w.spawn("p3", name="n1", init=[{"crash": "never"}])
    w.look()
    w.put("whereis", name="n1")
    w.call("p1", "get")


@_registry("REG-17")
def a_name_is_taken_while_init_runs(w: Writer) -> None:
    w.spawn("p0")
    w.cast("p0", "spawn", "p1", w.probe(name="n1", init=[{"sleep": w.ms(100, 300)}]), "plain")
    w.cast("p0", "add", 1)
    w.spawn("p2", name="n1")
    w.look()


@_registry("REG-18", "GS-12")
def of_several_named_starts_one_succeeds(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for number in range(1, 4):
        w.cast(f"p{number}", "spawn", f"q{number}", w.probe(name="n1"), "plain")
    w.look()


@_registry("REG-19", "GS-3", "GS-4", "GS-5")
def a_failed_named_start_leaves_the_name_free(w: Writer) -> None:
    entries = ("ignore", {"stop": "shutdown"}, {"stop": {"error": "e1"}}, {"crash": "early"}, {"stop": "normal"})
    for number, entry in enumerate(entries):
        w.spawn(f"p{number}", name="n1", init=[entry])
        w.put("whereis", name="n1")
    w.spawn("p9", name="n1")
    w.look()


@_registry("REG-16", "GS-21", "REG-1")
def requests_by_name_wait_like_all_others(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2")
    w.cast("p1", "sleep", w.ms(100, 150))
    for number in range(3):
        w.cast({"name": "n1"}, "add", 10**number)
        w.send({"name": "n1"}, f"i{number}")
    w.call({"name": "n1"}, "get")
    w.look()
    w.call("p2", "cast", {"name": "n1"}, ["sleep", w.ms(100, 150)])
    w.call("p2", "send", {"name": "n1"}, "j1")
    w.call("p2", "cast", {"name": "n1"}, ["add", 1000])
    w.look()
    w.call({"name": "n1"}, "get")
    w.look()


@_registry("REG-1", "REG-3", "REG-4", "REG-11")
def a_supervisor_may_be_named_like_any_other(w: Writer) -> None:
    w.tree("s1", w.worker("a"), name="n1")
    w.tree("s2", w.worker("a"))
    w.put("register", name="n2", to="s2")
    w.put("register", name="n3", to="s1")
    w.look()
    w.put("unregister", name="n1")
    w.put("register", name="n3", to="s1")
    for name in ("n1", "n2", "n3"):
        w.put("whereis", name=name)
    w.put("name_of", to="s1")
    w.stop("s2")
    w.put("whereis", name="n2")
    w.spawn("p1", name="n2")
    w.look()
