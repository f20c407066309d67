"""A module for each suite, found by its name. Each has `run(asked, report)`, and its docstring says what it proves."""
