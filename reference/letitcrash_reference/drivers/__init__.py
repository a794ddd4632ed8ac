"""The drivers, one per backend: where a process waits and on which thread its callbacks run."""
