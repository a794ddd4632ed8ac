"""Supervision trees as text: who stood below whom before a step and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from letitcrash_conformance.render_lines import Line
from letitcrash_spec.messages import Answer, Json, Operation

__all__ = ["Branch", "Trees", "find_trees", "render_trees"]


@dataclass(frozen=True, slots=True)
class Branch:
    """One row of a tree.

    Attributes:
        depth: How far below a root it stands; 0 for a root.
        text: The id of the child, and who does its work.
        label: The process; empty if there is none.
        is_new: Whether the other tree does not have this row.
    """

    depth: int
    text: str
    label: str
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Trees:
    """The supervisors of a world at two moments, as the subject told them.

    Attributes:
        before: The rows of the last observation before the step; with none, of the supervisors as they were started.
        after: The rows of the first observation from the step on.
        step_before: The position of that observation, from 0; None if there was none.
        step_after: The position of the later one, from 0.
    """

    before: tuple[Branch, ...]
    after: tuple[Branch, ...]
    step_before: int | None
    step_after: int


def find_trees(operations: Sequence[Operation], answers: Sequence[Answer], failing: int) -> Trees | None:
    """Return the supervision trees before and after a step; None if no supervisor was seen or nothing was after it.

    Args:
        operations: The program.
        answers: What the subject answered, in order; may end early.
        failing: Position of the step, from 0.
    """
    seen = {
        index: told
        for index, (operation, answer) in enumerate(zip(operations, answers, strict=False))
        if operation.op == "observe" and (told := _children_of(answer)) is not None
    }
    early = [index for index in seen if index < failing]
    late = [index for index in seen if index >= failing]
    told_before = seen[early[-1]] if early else _started(operations[:failing], answers)
    if not late or not (told_before or seen[late[0]]):
        return None
    before, after = _rows_of(told_before), _rows_of(seen[late[0]])
    return Trees(_compared(before, after), _compared(after, before), early[-1] if early else None, late[0])


def render_trees(trees: Trees, width: int = 100) -> list[Line]:
    """Return two trees as text, beside each other where there is room; a `*` marks what the other does not have."""
    left = [_head("before", trees.step_before), *(_text(branch) for branch in trees.before or _NOBODY)]
    right = [_head("after", trees.step_after), *(_text(branch) for branch in trees.after or _NOBODY)]
    lines = [Line("The supervision tree, as the subject tells it (* differs):", "bold")]
    column = max(map(len, left)) + 4
    if 2 + column + max(map(len, right)) > width:
        return [*lines, *(Line(f"  {text}") for text in (*left, *right))]
    for index in range(max(len(left), len(right))):
        one = left[index] if index < len(left) else ""
        other = right[index] if index < len(right) else ""
        lines.append(Line(f"  {one:<{column}}{other}".rstrip()))
    return lines


_NOBODY = (Branch(0, "no supervisor", ""),)


def _head(word: str, step: int | None) -> str:
    return f"{word} (as it was started)" if step is None else f"{word} (step {step + 1})"


def _text(branch: Branch) -> str:
    return f"{'*' if branch.is_new else ' '} {'   ' * branch.depth}{branch.text}"


def _children_of(answer: Answer) -> Mapping[str, Json] | None:
    match answer:
        case {"ok": {"children": children}}:
            return children or {}
        case _:
            return None


def _started(operations: Sequence[Operation], answers: Sequence[Answer]) -> dict[str, Json]:
    """Return what an observation would have told right after each supervisor was started."""
    children: dict[str, Json] = {}
    for operation, answer in zip(operations, answers, strict=False):
        if operation.op == "start_supervisor" and answer.get("ok") == "started":
            _plant(operation.args["as"], operation.args["spec"], children)
    return children


def _plant(label: str, spec: Mapping[str, Json], children: dict[str, Json]) -> None:
    entries: list[Json] = []
    children[label] = {"list": entries}
    for child in spec.get("children", ()):
        name = f"{label}/{child['id']}#1"
        entries.append([child["id"], name, child.get("type", "worker")])
        if "supervisor" in child["start"]:
            _plant(name, child["start"]["supervisor"], children)


def _rows_of(children: Mapping[str, Json]) -> list[Branch]:
    below = {entry[1] for told in children.values() for entry in _entries_of(told) if isinstance(entry[1], str)}
    rows: list[Branch] = []
    for root in children:
        if root not in below:
            rows.append(Branch(0, root, root))
            _climb(root, children, 1, rows, {root})
    return rows


def _climb(sup: str, children: Mapping[str, Json], depth: int, rows: list[Branch], path: set[str]) -> None:
    told = children[sup]
    if told is None:
        rows.append(Branch(depth, "could not be asked", ""))
    for child, label, kind in _entries_of(told):
        who = "not running" if label is None else str(label)
        suffix = " (supervisor)" if kind == "supervisor" else ""
        rows.append(Branch(depth, f"{'' if child is None else f'{child}: '}{who}{suffix}", str(label)))
        if isinstance(label, str) and label in children and label not in path:
            _climb(label, children, depth + 1, rows, path | {label})


def _entries_of(told: Json) -> list[tuple[Json, Json, Json]]:
    match told:
        case {"list": [*entries]}:
            return [(child, label, kind) for child, label, kind in entries]
        case _:
            return []


def _compared(rows: Sequence[Branch], other: Sequence[Branch]) -> tuple[Branch, ...]:
    known = {(branch.depth, branch.text) for branch in other}
    return tuple(
        Branch(branch.depth, branch.text, branch.label, (branch.depth, branch.text) not in known) for branch in rows
    )
