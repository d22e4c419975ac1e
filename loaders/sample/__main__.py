"""``python -m databackpack.loaders.sample FOLDER``: writes the sample."""

import argparse
import sys
from datetime import date
from pathlib import Path

from databackpack.loaders.sample import write

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Write the sample into the folder named; 0 when done, 2 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m databackpack.loaders.sample",
        description="Writes an invented state as OneRoster 1.2 and companion CSV files.",
    )
    parser.add_argument("folder", type=Path, help="where to write; made if it is not there")
    parser.add_argument("--seed", type=int, default=2026, help="which invented state (2026)")
    parser.add_argument("--learners", type=int, default=600, help="how many learners (600)")
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=date.today(),
        help="the day that the sample is of, YYYY-MM-DD (today)",
    )
    chosen = parser.parse_args(arguments)
    if chosen.learners < 1:
        parser.error("--learners must be 1 or more")
    try:
        write(chosen.folder, seed=chosen.seed, learners=chosen.learners, today=chosen.today)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{chosen.folder}: {chosen.learners} learners as of {chosen.today}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
