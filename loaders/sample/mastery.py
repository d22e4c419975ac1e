"""How far each learner has come: a small model in which prerequisites, absence and moving count."""

from math import exp

from databackpack.loaders.sample.curriculum import MATHEMATICS, curriculum, literacy
from databackpack.loaders.sample.learner import Learner, dice
from databackpack.loaders.sample.place import GRADES
from databackpack.loaders.sample.schoolyear import SchoolYear

__all__ = ["LEVELS", "MET", "levels", "share"]

LEVELS = ("NotYet", "Approaching", "Met", "Exceeded")
MET = 2
_STEPS = (-0.9, 0.1, 1.5)  # a latent score below the first is level 0


def levels(learner: Learner, seed: int, year: SchoolYear) -> dict[str, int]:
    """Return the level of *learner* on each standard of every grade up to the present one.

    A latent score adds up the learner's ability, the share of prerequisites met, days missed, a
    move in the year in which the grade was taught, whether that year is still young, and chance.
    """
    chance = dice(seed, "mastery", learner.number)
    prerequisites = curriculum().prerequisites
    found: dict[str, int] = {}
    present = GRADES.index(learner.grade)
    for place, grade in enumerate(GRADES[: present + 1]):
        taught_in = SchoolYear(year.start - present + place)
        base = 0.55 + 0.7 * learner.ability - 5.5 * (learner.absence - 0.06)
        base -= 0.8 if learner.moved_in(taught_in) else 0.0
        base -= 0.35 if place == present else 0.0
        for code in (*MATHEMATICS[grade], *literacy(grade)):
            before = [found[each] for each in prerequisites.get(code, ()) if each in found]
            met = sum(level >= MET for level in before) / len(before) if before else 0.6
            score = base + 1.1 * (met - 0.6) + chance.gauss(0, 0.8)
            found[code] = sum(score >= step for step in _STEPS)
    return found


def share(level: int, chance: float) -> float:
    """Return a plausible share of the points for *level*, *chance* being standard normal."""
    return 1 / (1 + exp(-(0.1 + 0.75 * level + 0.4 * chance)))
