"""`python -m letitcrash_conformance`: the command line."""

import sys

from letitcrash_conformance.cli import main

if __name__ == "__main__":
    sys.exit(main())
