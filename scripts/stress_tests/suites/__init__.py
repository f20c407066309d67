"""The suites, one module each, found by name. Each has `run(options, report)`, and a docstring with its guarantees."""
