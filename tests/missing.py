"""A package that is not installed, for tests of what is said then."""

import builtins


def hide_package(monkeypatch, package: str) -> None:
    """Let imports of a package fail as they do where it is not installed."""
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
