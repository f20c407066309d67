"""Image processing: requests (transform), file contents (probe), results (render), and worker processes (workers).

A toolkit: it imports only `app.errors` from the project, and nothing runs on import.
"""
