"""The verdict of a run as a badge: JSON for the endpoint of shields.io."""

from __future__ import annotations

import json

from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Verdict
from letitcrash_conformance.tally import Status

__all__ = ["build_badge"]

_COLORS = {
    Verdict.CONFORMANT: "brightgreen",
    Verdict.VIOLATION: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.SUBJECT_ERROR: "lightgrey",
}


def build_badge(run: Shown) -> str:
    """Return a badge in the format of shields.io's endpoint: verdict and how many of the checkable clauses held.

    Source:
        shields.io, "Endpoint Badge": schemaVersion, label, message, color, isError.
    """
    tally = run.tally
    known = f", {len(tally.known)} known" if tally.known else ""
    badge: dict[str, object] = {
        "schemaVersion": 1,
        "label": "letitcrash",
        "message": f"{run.verdict}: {tally.counts[Status.PASSED]} of {tally.checkable} clauses{known}",
        "color": _COLORS[tally.verdict],
    }
    if tally.verdict is Verdict.SUBJECT_ERROR:
        badge["isError"] = True
    return json.dumps(badge, indent=1) + "\n"
