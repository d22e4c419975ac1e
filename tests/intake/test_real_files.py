"""The Ed-Fi sample through a load: what is warned of, what is in quarantine, and twice the same."""

from collections import Counter
from pathlib import Path

import pytest

from databackpack.service.intake.entry import RefusedRows
from databackpack.service.intake.load import load
from databackpack.service.intake.quarantine import entries
from databackpack.service.records.truth import TruthStore
from tests.running import TickingClock

PROBLEMS = {"no place": 1, "nothing to load": 1, "unknown code": 1, "unknown standard": 3680}
NOTES = {"Enrollment-entry-date-recommended": 262, "Enrollment-grade-level-recommended": 262}


@pytest.mark.soak
def test_the_ed_fi_sample_is_loaded_with_262_warnings_and_its_refusals_are_in_quarantine(
    shared_data: Path,
) -> None:
    truth = TruthStore(None, TickingClock())
    report = load(truth, "edfi", [shared_data / "edfi_sample"], workers=2)
    assert Counter(problem.rule for problem in report.problems) == PROBLEMS
    assert Counter(note.rule for note in report.notes) == NOTES
    assert Counter(note.severity for note in report.notes) == {"Warning": 262, "Info": 262}
    found = list(entries(truth))
    assert all(isinstance(entry, RefusedRows) for entry in found)
    assert {e.rule: e.count for e in found if isinstance(e, RefusedRows)} == PROBLEMS
    epoch = truth.epoch
    load(truth, "edfi", [shared_data / "edfi_sample"], workers=2)
    assert truth.epoch == epoch
