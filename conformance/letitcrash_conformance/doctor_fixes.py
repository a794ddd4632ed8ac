"""What to do about a harness with which no conversation is possible, found by what the suite says of it."""

from __future__ import annotations

__all__ = ["find_fix"]

_FIXES: tuple[tuple[str, str], ...] = (
    (
        "expected a value or Refused from",
        "mend the line that is named; what the runtime may lawfully refuse is raised as Refused('noproc') and the like",
    ),
    (
        "to make a subject, got",
        "mend the line that is named: a subject is made without arguments, as often as one is needed",
    ),
    (
        "expected a command",
        "name a program that is there: an absolute path, one on PATH, or one relative to this folder",
    ),
    ("executable", "make the program executable (chmod +x), or name its interpreter first"),
    ("expected 'protocol' 1", "speak version 1 and say so: hello carries 'protocol': 1"),
    ("expected a feature of", "name features exactly as the protocol page does, and only those"),
    ("hello: expected 'ok'", "answer hello with 'ok' and a description of the implementation"),
    ("hello: expected", "mend that field of hello; section 7 of the protocol page lists them all"),
    ("HELLO: expected", "mend that field of HELLO; section 7 of the protocol page lists them all"),
    ("hello': expected", "mend that field of hello; section 7 of the protocol page lists them all"),
    ("that one has had its answer", "answer each request once; only one place in the harness should write answers"),
    ("requests are answered in the order", "finish a request before the next one is begun, and answer in that order"),
    ("nobody asked for that one", "repeat the id of the request in its answer"),
    ("without an id", "repeat the id of the request in its answer"),
    ("an id is a whole number", "repeat the id as the number that it is, not as a text"),
    ("expected nothing after the last answer", "write one line for each request and nothing else"),
    ("expected UTF-8", "encode standard output as UTF-8"),
    ("lone surrogates", "pass texts on as they are, or refuse them; half a surrogate pair is no text"),
    ("NaN is not JSON", "write numbers that JSON knows"),
    ("nested too deeply", "write the answer, not a structure that contains itself"),
    ("expected one JSON object per line", "write nothing but answers to standard output; logs go to standard error"),
    (
        "(in the answer of observe",
        "observe carries quiet, now, alive, names, children and events; section 6 of the protocol page",
    ),
    ("(in the answer of", "give the answer the form that the table of operations shows for it"),
    ("exactly one of", "answer with one of 'ok', 'fail' and 'error'"),
    ("bytes, got", "keep every line below 1 MiB, and end it"),
    ("half a line", "end every answer with a line feed and flush standard output"),
    ("closed its standard input", "keep reading standard input until bye"),
    ("closed its standard output", "keep standard output open until bye"),
    (
        "was ended by SIG",
        "find what sent that signal: the system (lack of memory), a crash in native code, or the harness itself",
    ),
    ("end of file", "catch what made it end: its last words on standard error say where"),
    ("exited with code", "catch what made it end: its last words on standard error say where"),
    (
        "got nothing for",
        "answer every request in time, flush after each line, and let no process of the runtime block it",
    ),
)


def find_fix(what: str) -> str:
    """Return what to do about a `SubjectError` of these words."""
    for words, fix in _FIXES:
        if words in what:
            return fix
    return "compare the answer with the protocol page, docs/protocol.md"
