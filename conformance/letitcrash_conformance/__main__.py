"""The command line, as `python -m letitcrash_conformance` and as the command `letitcrash`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; Ctrl-C ends it in a word, also while its modules are being loaded."""
    try:
        from letitcrash_conformance import cli
    except KeyboardInterrupt:
        print("letitcrash: interrupted", file=sys.stderr)
        return 130
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
