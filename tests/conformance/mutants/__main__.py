"""A table of what it takes to catch each mutant: `python -m tests.conformance.mutants [--full] [word ...]`.

With `--full` all clauses are judged, as a user's run does, and what else was found stands at the end of a line.
With `--markdown FILE ...` nothing is hunted: a page is written about what tables in files say, the latest one last.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.mutants import ALL
from tests.conformance.mutants.hunt import hunt, is_honest
from tests.conformance.mutants.table import read_rows, write_page


def main(words: list[str]) -> int:
    """Hunt the mutants whose names contain one of the words, all of them without words."""
    if "--markdown" in words:
        return _write([word for word in words if word != "--markdown"])
    is_full = "--full" in words
    words = [word for word in words if word != "--full"]
    for mutant in ALL:
        if words and not any(word in mutant.name for word in words):
            continue
        try:
            catch = hunt(mutant, is_full=is_full)
        except LookupError as error:
            print(f"{mutant.name:45} BROKEN {error}", flush=True)
            continue
        finding = catch.finding
        others = ", ".join(f"{other.violation.clause} {other.repeats}/{other.tries}" for other in catch.others)
        if finding is None:
            print(f"{mutant.name:45} SURVIVED  {catch.seconds:6.2f} s {catch.examples:6} ({others})", flush=True)
            for trouble in catch.troubles[:1]:
                print(f"    {trouble.what[:300]}")
            continue
        print(
            f"{mutant.name:45} {finding.violation.clause:9} {catch.seconds:6.2f} s {catch.examples:6} examples "
            f"{finding.found_in.chapter:9} {finding.found_in.backend:8} {len(finding.program.operations):2} ops "
            f"{finding.repeats}/{finding.tries}{'' if is_honest(finding) else ' THE HONEST REFERENCE TOO'} ({others})",
            flush=True,
        )
    return 0


def _write(files: list[str]) -> int:
    """Print the page about tables that were printed before."""
    try:
        lines = [line for file in files for line in Path(file).read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        print(f"expected files with tables of hunts, got {error}", file=sys.stderr)
        return 2
    rows = read_rows(lines)
    if not rows:
        print(f"expected at least one line of a hunt in {files}, got none", file=sys.stderr)
        return 2
    print(write_page(rows, ALL), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
