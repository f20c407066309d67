"""How tasks and processes wake each other: a contract (`base`), in this process (`memory`), over servers (`redis`)."""
