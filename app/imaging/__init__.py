"""Pictures: what is asked for (transform), what a file holds (probe), what comes out (render), where it runs (pool).

A toolkit: it knows `app.errors` and nothing else of the project, and nothing happens when it is imported.
"""
