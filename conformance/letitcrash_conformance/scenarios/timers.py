"""Scenarios of chapter `timers`. On a wall clock a moment that matters is a grain away from every other."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_timers = partial(scenario, SCENARIOS, "timers")
FAR = 3_600_000


@_timers("TIM-1", "TIM-3")
def a_timer_expires_once_and_not_early(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_after", "t1", 0, "at once")
    w.look()
    w.call("p1", "send_after", "t2", w.ms(100, 20), "soon")
    w.call("p1", "send_after", "t3", FAR, "never")
    if w.is_virtual:
        w.advance(99)
        w.look()
        w.advance(2)
    else:
        w.advance(150)
    w.look()
    w.advance(w.ms(500, 120))
    w.look()


@_timers("TIM-1", clock="virtual")
def every_moment_of_a_timer_is_kept(w: Writer) -> None:
    w.spawn("p1")
    for number, ms in enumerate((1, 2, 3, 10, 50)):
        w.call("p1", "send_after", f"t{number}", ms, f"i{number}")
        w.look()
        if ms > 1:
            w.advance(ms - 1)
            w.look()
        w.advance(1)
        w.look()


@_timers("TIM-4", "TIM-5")
def a_cancelled_timer_stays_silent(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_after", "t1", w.ms(50, 5_000), "never")
    w.call("p1", "cancel_timer", "t1")
    w.call("p1", "cancel_timer", "t1")
    w.call("p1", "send_after", "t2", 1, "soon")
    w.advance(w.ms(100, 120))
    w.look()
    w.call("p1", "cancel_timer", "t2")
    w.look()


@_timers("TIM-6")
def anybody_may_cancel_a_timer(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "send_after", "t1", w.ms(50, 5_000), "never")
    w.look()
    w.call("p2", "cancel_timer", "t1")
    w.call("p1", "cancel_timer", "t1")
    w.advance(w.ms(100, 120))
    w.look()


@_timers("TIM-7")
def the_timers_of_a_dead_process_are_void(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "send_after", "t1", w.ms(50, 5_000), "never")
    w.call("p1", "send_interval", "t2", w.ms(50, 5_000), "never")
    w.look()
    w.exit("p1", "kill")
    w.look()
    w.call("p2", "cancel_timer", "t1")
    w.call("p2", "cancel_timer", "t2")
    w.advance(w.ms(100, 120))
    w.look()


@_timers("TIM-1", "TIM-4")
def an_interval_ticks_until_it_is_cancelled(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_interval", "t1", w.ms(100, 30), "tick")
    for _ in range(4):
        w.advance(w.ms(105, 120))
        w.look()
    w.call("p1", "cancel_timer", "t1")
    w.look()
    w.advance(w.ms(500, 120))
    w.look()
    w.call("p1", "cancel_timer", "t1")


@_timers("TIM-1")
def an_interval_keeps_its_beat(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_interval", "t1", w.ms(10, 60), "tick")
    for _ in range(4):  # on a virtual clock a tick that is late by a tenth is missing after the second
        w.advance(w.ms(50, 70))
        w.look()
    w.call("p1", "cancel_timer", "t1")


@_timers("TIM-1")
def several_timers_of_several_processes_keep_apart(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for number, label in enumerate(("p1", "p2", "p3", "p1", "p2", "p3")):
        w.call(label, "send_after", f"t{number}", w.ms(20 * (number + 1), 5_000 if number % 2 else 5), f"i{number}")
        w.look()
    w.call("p2", "cancel_timer", "t4")
    w.call("p1", "cancel_timer", "t3")
    for _ in range(3):
        w.advance(w.ms(45, 120))
        w.look()


@_timers("TIM-1", clock="virtual")
def three_timers_of_one_process_all_expire(w: Writer) -> None:
    w.spawn("p1")
    for number in range(5):
        w.call("p1", "send_after", f"t{number}", 30 + 10 * number, f"i{number}")
    w.call("p1", "cancel_timer", "t3")
    w.look()
    for _ in range(5):
        w.advance(15)
        w.look()


@_timers("TIM-1", "GS-51")
def a_timer_may_end_its_process(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "send_after", "t1", w.ms(20, 5), "!crash")
    w.call("p2", "send_after", "t2", w.ms(20, 5), "!stop")
    w.advance(w.ms(50, 120))
    w.look()


@_timers("TIM-1", "TIM-4", "REG-10")
def a_timer_does_not_care_for_names(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.call("p1", "send_after", "t1", w.ms(100, 200), "once")
    w.call("p1", "send_interval", "t2", w.ms(150, 300), "tick")
    w.put("unregister", name="n1")
    w.spawn("p2", name="n1")
    w.advance(w.ms(320, 450))
    w.look()
    w.call("p1", "cancel_timer", "t2")
    w.look()


@_timers("TIM-1", "GS-21")
def timers_wait_for_the_suspended(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_after", "t1", w.ms(100, 200), "once")
    w.call("p1", "send_after", "t2", FAR, "never")
    w.put("suspend", to="p1")
    w.advance(w.ms(200, 350))
    w.look()
    w.put("resume", to="p1")
    w.look()
    w.call("p1", "cancel_timer", "t2")


@_timers("TIM-1", "TIM-5")
def a_timer_may_be_set_for_weeks(w: Writer) -> None:
    day, week = w.ms(86_400_000, 30), w.ms(604_800_000, 60)
    w.spawn("p1")
    for number, time in enumerate((day, week, 4 * week)):  # 4 weeks are more milliseconds than 31 bits hold
        w.call("p1", "send_after", f"t{number}", time, f"i{number}")
    for pause in (day // 2, day // 2 + 1, week - day, 3 * week):
        w.advance(pause)
        w.look()
    w.call("p1", "cancel_timer", "t2")
