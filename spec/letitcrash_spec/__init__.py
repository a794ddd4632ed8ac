"""The specification: clauses, operations and the executable model."""
