"""The same answer on any processor: other instructions, other libraries' kernels, other threads.

Each setting makes a library add in another order than this machine would by itself.
"""

import json
import os
import subprocess
import sys

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__

from tools.paths import ROOT

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SETTINGS = {
    "no vector instructions, one thread": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        **dict.fromkeys(THREADS, "1"),
    },
    "avx2, two threads": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__),  # NumPy's own vector code
        **dict.fromkeys(THREADS, "2"),
    },
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell", **dict.fromkeys(THREADS, "1")},
    "no fused products": {"OPENBLAS_CORETYPE": "Sandybridge", **dict.fromkeys(THREADS, "2")},
}


def answers(setting: dict[str, str]) -> dict:
    """What `tests.answers` prints under these environment variables."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.answers"],
        cwd=ROOT,
        env=os.environ | setting,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here() -> dict:
    """The answers of this machine as it is."""
    return answers({})


def test_committed_rows_are_recomputed_here(here):
    """A small audit agrees on this machine, within the stated tolerances."""
    assert here["disagreements"] == []


@pytest.mark.parametrize("name", SETTINGS)
def test_every_processor_gives_the_same_answers(here, name):
    """Claims, findings and tables agree to the last digit, audited rows within their tolerance."""
    assert answers(SETTINGS[name]) == here
