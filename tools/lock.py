"""Write `requirements.lock` from the packages of this environment.

For maintainers: this, in a new environment after
`pip install -e '.[book,ray,search,semantic,test]'`.
"""

import re
import subprocess
import sys

from hsokv.boundary.files import replace_file
from tools.command import command, report
from tools.paths import LOCK, ROOT

# torch pins the CUDA packages itself for the machine at hand; pip and wheel come with venv
SKIPPED = re.compile(r"(nvidia-|cuda-|triton==|pip==|wheel==|hsokv\b|-e |#)", re.IGNORECASE)

HEADER = """\
# Every package the project installs, on Python 3.11: make setup, environment.yml, .ci/run.
# Written by `python -m tools.lock`. Left out: the CUDA packages, which torch pins itself.
"""


@command
def main(argv: list[str] | None = None) -> int:
    """Write the lock file."""
    freeze = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    frozen = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout.splitlines()
    pins = [line for line in frozen if not SKIPPED.match(line)]
    loose = [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][^\s@+]*", line)]
    if loose:
        report("error", f"not plain pins from the package index: {loose}")
        return 1
    replace_file(LOCK, (HEADER + "\n".join(pins) + "\n").encode("utf8"))
    print(f"{LOCK.relative_to(ROOT)}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
