"""A healthy harness with one disease: `python sick.py FOLDER forgets_deaths`; FOLDER holds a fresh Python adapter."""

# The kit that it makes sick has no types.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

sys.path.insert(0, sys.argv[1])
adapter: Any = importlib.import_module("adapter")
kit: Any = importlib.import_module("kit")

Answer = dict[str, Any]
Perform = Callable[[str, dict[str, Any]], Answer]
DISEASES: dict[str, Callable[[Any], None]] = {}
OK: Answer = {"ok": None}


def disease(infect: Callable[[Any], None]) -> Callable[[Any], None]:
    DISEASES[infect.__name__] = infect
    return infect


def change(patient: Any, treat: Callable[[str, dict[str, Any], Answer], Answer]) -> None:
    """Let a function have the last word on every answer."""
    perform: Perform = patient.perform
    patient.perform = lambda op, args: treat(op, args, perform(op, args))


def declare(patient: Any, *features: str, **fields: Any) -> None:
    patient.HELLO = {**patient.HELLO, **fields, "features": [*patient.HELLO["features"], *features]}


@disease
def healthy(patient: Any) -> None:
    pass


@disease
def binds_labels_twice(patient: Any) -> None:
    kit.World.claim = lambda world, label: None


@disease
def performs_what_it_does_not_know(patient: Any) -> None:
    change(patient, lambda op, args, answer: OK if op not in kit.TABLE["operations"] else answer)


@disease
def refuses_what_it_does_not_know(patient: Any) -> None:
    change(patient, lambda op, args, answer: {"fail": {"kind": "unsupported"}} if op == "teleport" else answer)


@disease
def takes_any_arguments(patient: Any) -> None:
    change(patient, lambda op, args, answer: OK if "expected call.args" in str(answer.get("error")) else answer)


@disease
def performs_what_it_does_not_declare(patient: Any) -> None:
    change(patient, lambda op, args, answer: OK if op == "exit" else answer)


@disease
def errs_over_what_it_does_not_declare(patient: Any) -> None:
    change(patient, lambda op, args, answer: kit.error("no registry") if op == "register" else answer)


@disease
def performs_actions_that_it_does_not_declare(patient: Any) -> None:
    perform_action = patient.perform_action
    patient.perform_action = lambda probe, name, args: OK if name == "link" else perform_action(probe, name, args)


@disease
def lets_no_probe_cast(patient: Any) -> None:
    perform_action = patient.perform_action
    patient.perform_action = lambda probe, name, args: OK if name == "cast" else perform_action(probe, name, args)


@disease
def declares_what_is_not_written(patient: Any) -> None:
    declare(patient, "links")


@disease
def declares_a_part_without_the_whole(patient: Any) -> None:
    declare(patient, "dynamic_supervisor")


@disease
def lies_that_it_can_settle(patient: Any) -> None:
    declare(patient, settle=True)


@disease
def answers_every_call_with_zero(patient: Any) -> None:
    change(patient, lambda op, args, answer: {"ok": 0} if op == "call" and "ok" in answer else answer)


@disease
def rounds_numbers(patient: Any) -> None:
    def treat(op: str, args: dict[str, Any], answer: Answer) -> Answer:
        return {"ok": int(float(answer["ok"]))} if isinstance(answer.get("ok"), int) else answer

    change(patient, treat)


@disease
def takes_any_backend(patient: Any) -> None:
    kit.find_unknown_backend = lambda value, backends: None


@disease
def errs_over_unknown_labels(patient: Any) -> None:
    def treat(op: str, args: dict[str, Any], answer: Answer) -> Answer:
        is_noproc = answer.get("fail") == {"kind": "noproc"}
        return kit.error("no such label") if is_noproc else answer

    change(patient, treat)


def on_observe(patient: Any, treat: Callable[[dict[str, Any]], object]) -> None:
    def change_ok(op: str, args: dict[str, Any], answer: Answer) -> Answer:
        if op == "observe":
            treat(answer["ok"])
        return answer

    change(patient, change_ok)


@disease
def observes_without_names(patient: Any) -> None:
    on_observe(patient, lambda seen: seen.pop("names"))


@disease
def is_quiet_in_words(patient: Any) -> None:
    on_observe(patient, lambda seen: seen.update(quiet="yes"))


@disease
def tells_events_again(patient: Any) -> None:
    told: list[Any] = []

    def treat(seen: dict[str, Any]) -> None:
        told.extend(seen["events"])
        seen["events"] = list(told)

    on_observe(patient, treat)


@disease
def lists_nobody_alive(patient: Any) -> None:
    on_observe(patient, lambda seen: seen.update(alive=[]))


@disease
def counts_seconds(patient: Any) -> None:
    on_observe(patient, lambda seen: seen.update(now=seen["now"] // 1000))


@disease
def mangles_texts(patient: Any) -> None:
    log = kit.World.log

    def mangle(world: Any, event: dict[str, Any]) -> None:
        if "payload" in event:
            event["payload"] = event["payload"].encode("ascii", "replace").decode()
        log(world, event)

    kit.World.log = mangle


@disease
def forgets_deaths(patient: Any) -> None:
    kit.Probe.dead = lambda probe, reason: None


@disease
def calls_every_death_normal(patient: Any) -> None:
    dead = kit.Probe.dead
    kit.Probe.dead = lambda probe, reason: dead(probe, "normal")


@disease
def hides_crashes(patient: Any) -> None:
    def treat(op: str, args: dict[str, Any], answer: Answer) -> Answer:
        return OK if answer.get("fail", {}).get("kind") == "exit" else answer

    change(patient, treat)


@disease
def starts_what_refuses(patient: Any) -> None:
    def treat(op: str, args: dict[str, Any], answer: Answer) -> Answer:
        return {"ok": "started"} if answer.get("fail", {}).get("kind") == "start_failed" else answer

    change(patient, treat)


@disease
def never_gives_up(patient: Any) -> None:
    perform: Perform = patient.perform

    def wait(op: str, args: dict[str, Any]) -> Answer:
        return perform(op, {**args, "timeout_ms": 10**6} if "timeout_ms" in args else args)

    patient.perform = wait


@disease
def waits_for_the_hung_at_reset(patient: Any) -> None:
    reset = patient.reset

    def wait(processes: list[Any]) -> None:
        reset(processes)
        for process in processes:
            process.join()

    patient.reset = wait


@disease
def keeps_processes(patient: Any) -> None:
    change(patient, lambda op, args, answer: answer)
    renew = kit.World.__init__

    def keep(world: Any) -> None:
        old = patient.world
        renew(world)
        world.processes.update(old.processes)

    kit.World.__init__ = keep
    patient.reset = lambda processes: None


@disease
def keeps_labels(patient: Any) -> None:
    renew = kit.World.__init__

    def keep(world: Any) -> None:
        old = patient.world
        renew(world)
        world.labels = old.labels

    kit.World.__init__ = keep


@disease
def keeps_the_time(patient: Any) -> None:
    started = patient.world.started
    renew = kit.World.__init__

    def keep(world: Any) -> None:
        renew(world)
        world.started = started

    kit.World.__init__ = keep


@disease
def keeps_names(patient: Any) -> None:
    held: dict[str, str] = {}
    declare(patient, "registry")

    def register(by: object, name: str, to: str) -> None:
        if name in held:
            raise kit.Refused("already_registered")
        held[name] = to

    def unregister(by: object, name: str) -> None:
        if held.pop(name, None) is None:
            raise kit.Refused("not_registered")

    patient.register, patient.unregister = register, unregister
    patient.whereis = lambda by, name: held.get(name)
    patient.name_of = lambda by, to: next((name for name, label in held.items() if label == to), None)
    patient.names = lambda: dict(held)


@disease
def stays_after_bye(patient: Any) -> None:
    kit.os._exit = lambda code: threading.Event().wait()


@disease
def exits_with_three(patient: Any) -> None:
    leave = kit.os._exit
    kit.os._exit = lambda code: leave(3)


if __name__ == "__main__":
    patient = adapter.Adapter()
    DISEASES[sys.argv[2]](patient)
    kit.main(patient)
