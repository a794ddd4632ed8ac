"""What all machines share: a session, a sketch of the world, and the rules that every chapter needs."""

from __future__ import annotations

import functools
import unittest
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from hypothesis import Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.machines.values import BACKENDS, FLAGS, MS, NUMBERS, VIA, WHO
from letitcrash_conformance.render_finding import render_comparison, render_headline, render_steps
from letitcrash_conformance.render_history import find_place
from letitcrash_conformance.render_lines import Line, plain_text
from letitcrash_conformance.session import Session
from letitcrash_conformance.subject import Subject
from letitcrash_spec.messages import Answer, Json
from letitcrash_spec.model.diagnose import Violation

__all__ = ["BrokenClause", "SessionMachine", "when"]

RuleT = TypeVar("RuleT", bound=Callable[..., Any])

MAX_ALIVE = 6
MAX_UNFINISHED = 4
"""How many operations that go on by themselves may come in any order without there being too many orders."""

WIDTH = 100

_QUIET = frozenset(
    {"add", "cancel_timer", "get", "links", "noreply", "register", "send_after", "send_interval", "sleep", "trap_exit"}
)
"""Actions that tell nobody else anything, so that a call of them is over once it is answered."""


class BrokenClause(AssertionError):
    """The subject did what no lawful order of events explains. Its text is the whole report.

    Each clause has a class of its own below this one, so that Hypothesis shrinks each to its own story.

    Attributes:
        violation: What differs, and the clause it breaks.
    """

    def __init__(self, violation: Violation, report: str) -> None:
        super().__init__(report)
        self.violation = violation


@functools.cache
def _broken(clause: str) -> type[BrokenClause]:
    return type(f"BrokenClause_{clause.replace('-', '_')}", (BrokenClause,), {})


def when(*features: str) -> Callable[[RuleT], RuleT]:
    """Allow a rule only while the world has a process, and if the subject declares these features."""
    return precondition(lambda machine: machine.is_populated and machine.offers(*features))


class _Factory(Protocol):
    def __call__(self) -> Subject: ...


class _TestCase:
    """The property `TestCase` of Hypothesis, whose test case ends the subject after its test.

    It leaves out Hypothesis's explanation of a failure: that traces every line of the suite, and says nothing of the
    subject.
    """

    def __get__(self, instance: SessionMachine | None, owner: type[SessionMachine]) -> type[unittest.TestCase]:
        case: Any = super(SessionMachine, owner).TestCase
        if "tearDownClass" not in vars(case):
            case.settings = settings(case.settings, phases=set(case.settings.phases) - {Phase.explain})
            case.tearDownClass = classmethod(lambda _: owner.close_subject())
        return case  # type: ignore[no-any-return]


class SessionMachine(RuleBasedStateMachine):
    """A machine whose rules take steps in a session and let the model judge them.

    Rules name processes by index, the living before the dead and the younger before the older, so that Hypothesis can
    leave out any step before them. They never say what must be answered: `step` and `look` raise `BrokenClause` when
    the model finds no lawful explanation.

    Subclass a chapter's machine to add rules of your own:

        class Mine(LinksMachine):
            factory = MySubject

            @when("links")
            @rule(who=WHO, whom=WHO)
            def link_and_kill(self, who: int, whom: int) -> None:
                self.tell(who, ["link", self.label(whom)])
                self.step("exit", to=self.label(who), reason="kill")

        TestMine = Mine.TestCase

    Attributes:
        factory: Makes the subject. One subject serves all examples of a class, each in a world of its own.
        backend: The backend that probes run on: None for the subject's default, `"mixed"` for any of its backends.
        needs: Features without which the machine cannot run; it is skipped then.
        max_unfinished: How many operations that go on by themselves stand between two looks at most.
        session: The session with the subject.
        labels: Processes that were started, oldest first, whether or not they still live.
        alive: Those that lived at the last look, or were started since.
        refs: Monitors and timers: owner and reference, oldest first.
    """

    factory: ClassVar[_Factory]
    backend: ClassVar[str | None] = None
    needs: ClassVar[frozenset[str]] = frozenset({"genserver"})
    max_unfinished: ClassVar[int] = MAX_UNFINISHED
    TestCase: Any = _TestCase()
    _session: ClassVar[Session | None] = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._session = None

    def __init__(self) -> None:
        super().__init__()
        self.session = self.open_session()
        hello = self.session.hello
        missing = self.needs - hello.features
        if missing:
            self.close_subject()
            raise unittest.SkipTest(f"{hello.name} does not declare {', '.join(sorted(missing))}")
        self.is_virtual = hello.clock == "virtual"
        self._failed = False
        self.is_populated = False
        self.begin()

    # -- the session ---------------------------------------------------------------------------------------------

    @classmethod
    def open_session(cls) -> Session:
        """Return the session of this class, with its subject running.

        Raises:
            SubjectError: If the subject cannot be started.
        """
        if cls._session is None:
            cls._session = Session(cls.factory())
        return cls._session

    @classmethod
    def close_subject(cls) -> None:
        """End the subject of this class, if it runs. `TestCase` does so after its test."""
        session, cls._session = cls._session, None
        if session is not None:
            session.subject.close()

    def begin(self) -> None:
        """Begin with an empty world."""
        self.labels: list[str] = []
        self.alive: set[str] = set()
        self.refs: list[tuple[str, str]] = []
        self.suspended: str | None = None
        self._inner: list[str] = []
        self._names_given = 0
        self._unfinished = 0
        self.session.reset()

    def step(self, op: str, **args: Any) -> Answer:
        """Perform one operation (`as_` stands for the argument `as`) and return its answer.

        Looks at the world when much is under way.

        Raises:
            BrokenClause: If no lawful order of events explains what was seen up to the look.
            SubjectError: If the harness broke; the next example has a new subject.
        """
        try:
            answer = self.session.step(op, **args)
        except SubjectError:
            self._failed = True
            self.close_subject()
            raise
        if op in ("cast", "exit", "send", "stop") or (op == "call" and args["msg"][0] not in _QUIET):
            self._unfinished += 1
            if self._unfinished >= self.max_unfinished:
                self.look()
        return answer

    def tell(self, who: int, action: list[Json], via: str = "call", **args: Any) -> Answer:
        """Have a process do an action inside its callback, by a call or a cast."""
        return self.step(via, to=self.label(who), msg=action, **args)

    def look(self) -> None:
        """Let the world settle, observe it, and judge everything since the last look.

        Where the specification promises nothing any more, the machine goes on in a new world.

        Raises:
            BrokenClause: If no lawful order of events explains what was seen.
        """
        try:
            judgement = self.session.look()
        except SubjectError:
            self._failed = True
            self.close_subject()
            raise
        self._unfinished = 0
        if judgement.violation is not None:
            self._failed = True
            raise _broken(judgement.violation.clause)(judgement.violation, self._report(judgement.violation))
        if judgement.undecided is not None:
            event(judgement.undecided)
            self.begin()
            for _ in range(3):
                self.start(0)
            return
        seen = self.session.answers[-1]["ok"]
        heard = {report["who"] for report in seen["events"]}.union(seen["alive"])
        self.labels.extend(label for label in self._inner if label in heard)
        self._inner = [label for label in self._inner if label not in heard]
        self.alive = set(seen["alive"])

    def teardown(self) -> None:
        """Look at the world a last time."""
        if not self._failed:
            self.look()

    def _report(self, violation: Violation) -> str:
        program = self.session.program()
        lines: list[Line] = [*render_headline(violation, WIDTH), Line("")]
        lines += [*render_comparison(violation, WIDTH), Line(""), Line("The steps that show it:")]
        place = find_place(violation)
        lines += render_steps(program.operations, self.session.answers, violation.index, WIDTH, place=place)
        return plain_text(lines)

    # -- the sketch ----------------------------------------------------------------------------------------------

    def offers(self, *features: str) -> bool:
        """Whether the subject declares these features."""
        return self.session.hello.features.issuperset(features)

    def label(self, who: int) -> str:
        """Return the label that an index means: first the living, then the dead, both with the youngest first."""
        order = self._ordered(lambda label: label not in self.alive)
        return order[who % len(order)]

    def peer(self, whom: int, who: int) -> str:
        """Return the label of another process than `who`, or of itself if that is the last one alive."""
        me = self.label(who)
        order = self._ordered(lambda label: (label not in self.alive, label == me))
        return order[whom % len(order)]

    def _ordered(self, key: Callable[[str], Any]) -> list[str]:
        youngest_first = self.labels[::-1]
        youngest_first.sort(key=key)
        return youngest_first

    def target(self, whom: int | str, who: int) -> Json:
        """Return the target that a registered name, or the index of another process than `who`, means."""
        return {"name": whom} if isinstance(whom, str) else self.peer(whom, who)

    def fresh(self, prefix: str) -> str:
        """Return a name that this world has not seen: `p1`, `m2`, ..."""
        self._names_given += 1
        return f"{prefix}{self._names_given}"

    def ref_of(self, who: int, prefix: str, which: int) -> str | None:
        """Return a monitor (`"m"`) or timer (`"t"`) of a process, None if it never had one."""
        own = [ref for owner, ref in self.refs if owner == self.label(who) and ref.startswith(prefix)]
        return own[which % len(own)] if own else None

    def new_ref(self, who: int, prefix: str) -> str:
        """Return a reference for a new monitor (`"m"`) or timer (`"t"`) of a process."""
        ref = self.fresh(prefix)
        self.refs.append((self.label(who), ref))
        return ref

    def ms(self, wanted: int, *, choices: Sequence[int] = (1, 5, 15)) -> int:
        """Return a time in milliseconds: what is wanted on a virtual clock, one of few choices on a wall clock."""
        return wanted if self.is_virtual else choices[wanted % len(choices)]

    def start(self, backend: int, **script: Json) -> None:
        """Start a probe with this script, on the backend that an index means; not where many live already."""
        if len(self.alive) + len(self._inner) >= MAX_ALIVE:
            return
        label = self.fresh("p")
        self.step("spawn", as_=label, probe={**script, **self._placed(backend)})
        self.labels.append(label)
        self.alive.add(label)
        self.is_populated = True

    def start_inside(self, who: int, backend: int, how: Json, via: str, **script: Json) -> None:
        """Have a process start another, which rules can name after the next look. `how` is as in the protocol."""
        if len(self.alive) + len(self._inner) >= MAX_ALIVE:
            return
        label = self.fresh("q")
        self._inner.append(label)
        self.tell(who, ["spawn", label, {**script, **self._placed(backend)}, how], via)

    def _placed(self, backend: int) -> dict[str, Json]:
        hello = self.session.hello
        if self.backend is None:
            return {}
        if self.backend != "mixed":
            return {"backend": self.backend}
        return {"backend": hello.backends[backend % len(hello.backends)]}

    # -- the rules of every chapter --------------------------------------------------------------------------------

    @rule(backend=BACKENDS, trap_exit=FLAGS, count=st.integers(1, 3))
    def spawn(self, backend: int, trap_exit: bool, count: int) -> None:
        """Start one to three processes."""
        traps = trap_exit and self.offers("exit_signals")
        for _ in range(count):
            self.start(backend, **({"trap_exit": True} if traps else {}))

    @when()
    @rule(who=WHO, number=NUMBERS, via=VIA)
    def add(self, who: int, number: int, via: str) -> None:
        """Change the value of a process."""
        self.tell(who, ["add", number], via)

    @when()
    @rule(who=WHO)
    def get(self, who: int) -> None:
        """Ask a process for its value."""
        self.tell(who, ["get"])

    @when()
    @rule(who=WHO, ms=MS, via=VIA)
    def sleep(self, who: int, ms: int, via: str) -> None:
        """Keep a process busy."""
        self.tell(who, ["sleep", self.ms(ms)], via)

    @when()
    @rule(who=WHO, is_killed=FLAGS)
    def fell(self, who: int, is_killed: bool) -> None:
        """Make a process raise, or kill it."""
        if is_killed and self.offers("exit_signals"):
            self.step("exit", to=self.label(who), reason="kill")
        else:
            self.tell(who, ["crash", "c1"], "cast")

    @when()
    @rule()
    def observe(self) -> None:
        """Look at the world."""
        self.look()
