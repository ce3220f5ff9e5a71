"""Sphinx extension: scripts and styles in `_static/explore/` are loaded by their own page alone.

jupyter-book loads every script and style under `_static/` on every page.
"""

FOLDER = "explore/"


def keep_to_their_page(app, config) -> None:
    """Leave the folder out of what all pages load."""
    for name in ("html_js_files", "html_css_files"):
        files = [file for file in getattr(config, name) if not str(file).startswith(FOLDER)]
        setattr(config, name, files)


def setup(app) -> dict:
    """Connect it to the reading of the configuration, before Sphinx makes use of the lists."""
    app.connect("config-inited", keep_to_their_page)
    return {"parallel_read_safe": True}
