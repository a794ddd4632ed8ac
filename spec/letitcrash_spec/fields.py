"""Arguments that several operations and actions share. Part of the protocol table."""

from __future__ import annotations

from letitcrash_spec import values
from letitcrash_spec.shapes import Choice, Field, Named

__all__ = ["AS", "MS", "MSG", "NAME", "PAYLOAD", "PROBE", "REASON", "REF", "STARTED", "TO", "TO_LABEL"]

TO = Field("to", Named("target"), "the receiver")
TO_LABEL = Field("to", values.LABEL, "the process")
MSG = Field("msg", Named("action"), "the action for the probe")
PAYLOAD = Field("payload", values.TEXT, "the text of the message")
REASON = Field("reason", Named("reason"), "the exit reason")
NAME = Field("name", values.NAME, "the name")
AS = Field("as", values.LABEL, "the label for the new process")
PROBE = Field("probe", Named("probe"), "the probe to start")
REF = Field("ref", values.REF, "the reference")
MS = Field("ms", values.MS, "the time")

STARTED = Choice(("started", "ignored"))
"""What a start that did not fail answers."""
