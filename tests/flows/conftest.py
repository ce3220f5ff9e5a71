"""Shared by the tests of flows: a saved flow of each kind."""

import pytest

from hsokv import save_pretrained
from tests.flows.saved import KINDS


@pytest.fixture(scope="session")
def saved(fitted, tmp_path_factory):
    """A folder with a checkpoint of each kind; do not change them."""
    folder = tmp_path_factory.mktemp("saved")
    for kind in KINDS:
        save_pretrained(fitted[kind], folder / kind)
    return folder
