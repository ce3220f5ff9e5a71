"""Recompute a random sample of the committed result rows and compare.

Every `results/<experiment>.csv` is checked by `python -m hsokv.<experiment> audit`.
"""

import argparse
import subprocess
import sys

from tools.paths import ROOT


def main(argv: list[str] | None = None) -> int:
    """Audit every experiment; return 1 when one row differs or nothing was found to audit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=12, help="rows per experiment")
    args = parser.parse_args(argv)
    tables = sorted((ROOT / "results").glob("*.csv"))
    if not tables:
        print("error: results/ holds no CSV file, nothing can be audited", file=sys.stderr)
        return 1
    failed = []
    for table in tables:
        command = [sys.executable, "-m", f"hsokv.{table.stem}", "audit"]
        print(f"auditing {table.name}", flush=True)
        if subprocess.run([*command, "--sample", str(args.sample)]).returncode:
            failed.append(table.name)
    if failed:
        print(f"error: did not reproduce: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
