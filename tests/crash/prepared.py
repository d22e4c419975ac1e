"""A store in which all that a test's guardians say was said once, to be copied and served."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.crash.words import GUARDIANS, History, Menu, learn
from tests.serving import Served, build

__all__ = ["Prepared", "prepare"]

LEARNERS = 24


@dataclass(frozen=True)
class Prepared:
    """The folder of a store in which every word is ``none``, and what other words will show.

    *answered* is how many queries of each persona are in its log.
    """

    folder: Path
    menu: Menu
    acknowledged: int
    answered: Counter[str]

    def history(self) -> History:
        """Return what was said so far."""
        return History.begun(self.menu, self.acknowledged)

    def serve(self, folder: Path) -> Served:
        """Return a service over a copy in *folder*, not yet started."""
        return Served(self.folder, folder, answered=self.answered.copy())


def prepare(folder: Path) -> Prepared:
    """Return a store that is made below *folder*."""
    build(folder / "built", LEARNERS, GUARDIANS[1])
    served, history = Served(folder / "built", folder / "prepared"), History()
    try:
        served.start()
        menu = learn(served, history)
        assert served.stop() == 0
    finally:
        served.close()
    return Prepared(served.folder, menu, history.acknowledged, served.answered)
