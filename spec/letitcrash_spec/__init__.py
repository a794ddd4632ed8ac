"""The specification: clauses, the protocol table and its validator, and, in `model`, the executable model."""

from letitcrash_spec.catalogue import CHAPTERS, find_clauses, find_unknown, load_chapters, load_clauses, sort_key
from letitcrash_spec.clause import Chapter, Clause, Keyword, Profile, Section, TimeNeed
from letitcrash_spec.errors import CatalogueError, MessageError, SpecificationError, UnknownClauseError
from letitcrash_spec.explain import explain_clause, render_clauses
from letitcrash_spec.hello import FEATURES, Hello, HelloError, parse_hello
from letitcrash_spec.messages import Answer, Clock, Failure, Json, Operation, Reason, fail, ok
from letitcrash_spec.operations import (
    ACTIONS,
    COMMON_FAILS,
    DEFAULT_TIMEOUT_MS,
    EVENTS,
    OPERATIONS,
    PROTOCOL_VERSION,
    SHAPES,
    SUPERVISOR_TIMEOUT_MS,
    ActionSpec,
    EventSpec,
    OperationSpec,
)
from letitcrash_spec.schema import build_schema
from letitcrash_spec.validator import (
    validate_action,
    validate_answer,
    validate_event,
    validate_observation,
    validate_operation,
    validate_probe,
    validate_request,
)
from letitcrash_spec.values import FAILURES, REASONS

__all__ = [
    "ACTIONS",
    "CHAPTERS",
    "COMMON_FAILS",
    "DEFAULT_TIMEOUT_MS",
    "EVENTS",
    "FAILURES",
    "FEATURES",
    "OPERATIONS",
    "PROTOCOL_VERSION",
    "REASONS",
    "SHAPES",
    "SUPERVISOR_TIMEOUT_MS",
    "ActionSpec",
    "Answer",
    "CatalogueError",
    "Chapter",
    "Clause",
    "Clock",
    "EventSpec",
    "Failure",
    "Hello",
    "HelloError",
    "Json",
    "Keyword",
    "MessageError",
    "Operation",
    "OperationSpec",
    "Profile",
    "Reason",
    "Section",
    "SpecificationError",
    "TimeNeed",
    "UnknownClauseError",
    "build_schema",
    "explain_clause",
    "fail",
    "find_clauses",
    "find_unknown",
    "load_chapters",
    "load_clauses",
    "ok",
    "parse_hello",
    "render_clauses",
    "sort_key",
    "validate_action",
    "validate_answer",
    "validate_event",
    "validate_observation",
    "validate_operation",
    "validate_probe",
    "validate_request",
]
