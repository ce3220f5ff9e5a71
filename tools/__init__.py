"""Command-line tools that run the notebooks and build the book.

Each is one script: `python -m tools.NAME --help`. The package `hsokv` never imports them,
so papermill and sphinx stay out of what a user installs.
"""
