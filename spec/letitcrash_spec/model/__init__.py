"""The executable model: pure functions from a world and an operation to the lawful outcomes."""
