"""A mutant behind the wire protocol: `python -m tests.conformance.mutants.served NAME`."""

from __future__ import annotations

import sys

from letitcrash_conformance.subjects.reference import ReferenceSubject
from tests.conformance.mutants import ALL, races, races_children
from tests.support.serve import serve


def main(name: str) -> int:
    """Serve the reference with the fault of that name."""
    mutant = next(mutant for mutant in (*ALL, *races.MUTANTS, *races_children.MUTANTS) if mutant.name == name)
    with mutant.plant():
        return serve(ReferenceSubject())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
