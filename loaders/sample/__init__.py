"""An invented state in OneRoster 1.2 and companion files, the same for the same seed.

``docs/sample.md`` describes the files, the families and their settings.
"""

from datetime import date
from pathlib import Path

from databackpack.loaders.sample.backpack import Backpack
from databackpack.loaders.sample.family import Families
from databackpack.loaders.sample.gradebook import write_line_items, write_results
from databackpack.loaders.sample.learner import cohort
from databackpack.loaders.sample.mastery import levels
from databackpack.loaders.sample.profile import Profile
from databackpack.loaders.sample.roster import write_people, write_places
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import Tables

__all__ = ["write"]


def write(folder: Path, *, seed: int = 2026, learners: int = 600, today: date) -> None:
    """The sample is in *folder*: the school year of *today* and the one before.

    Every person, place and text is invented. The same arguments give the same bytes.
    """
    year = SchoolYear.of(today)
    tables = Tables()
    people = cohort(seed, learners, today)
    write_places(tables, year)
    write_line_items(tables, year, today)
    backpack = Backpack(tables, seed, year, today)
    profile = Profile(tables, seed, year, today)
    families = Families(tables, people, today)
    for learner in people:
        mastered = levels(learner, seed, year)
        write_people(tables, learner)
        write_results(tables, learner, mastered, seed, year, today)
        backpack.write(learner, mastered)
        profile.write(learner, mastered)
        families.write(learner)
    tables.write(folder)
