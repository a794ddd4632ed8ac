"""Benchmarks: the suite and the reference against floors and peers, as ratios within one run. `python -m bench`."""
