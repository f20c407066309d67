"""How tasks and processes wake each other: one contract (`base`), kept in this process (`memory`)."""
