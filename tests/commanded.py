"""The process of which every ``backpack`` command of the tests is a fork (``tests.commands``).

It has imported what all commands import and read what all loads read.
"""

import os
import sys
from pathlib import Path

from databackpack import ontology
from databackpack.ontology.standards import lookup
from databackpack.service.cli import main
from databackpack.shapes.files import categories, record_shapes

__all__ = ["STREAMS", "begin"]

ontology.graph()
lookup.resolve("CCSS.Math.Content.5.NBT.A.1")
for _category in categories().values():
    record_shapes(_category)

STREAMS = {1: "stdout", 2: "stderr"}


def begin(words: list[str], environment: dict[str, str], folder: str) -> None:
    """Be the command *words* in *environment*; what it prints is in files of *folder*."""
    for number, name in STREAMS.items():
        os.dup2(os.open(Path(folder, name), os.O_CREAT | os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["backpack", *words]
    main()
