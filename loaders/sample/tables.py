"""The CSV files of the sample, with their headers in the order of the OneRoster 1.2 binding."""

import csv
from collections import defaultdict
from pathlib import Path

from databackpack.loaders.companion.families import (
    GUARDIANSHIP_COLUMNS,
    SETTING_COLUMNS,
    STANDING_COLUMNS,
)
from databackpack.loaders.companion.sheets import KEYS, SHEETS

__all__ = ["ABSENT", "HEADERS", "Tables"]

_COMMON = "sourcedId status dateLastModified"

_ONEROSTER = {
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "categories": "title weight",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedIds subjects subjectCodes periods",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces "
    "hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
    "publicSchoolResidenceStatus",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "lineItemLearningObjectiveIds": "lineItemSourcedId source learningObjectiveId",
    "lineItems": "title description assignDate dueDate classSourcedId categorySourcedId "
    "gradingPeriodSourcedId resultValueMin resultValueMax schoolSourcedId metadata.entryMethod",
    "orgs": "name type identifier parentSourcedId",
    "resultLearningObjectiveIds": "resultSourcedId score textScore source learningObjectiveId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore "
    "classSourcedId inProgress incomplete late missing",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms "
    "phone agentSourcedIds grades password userMasterIdentifier resourceSourcedIds "
    "preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
}

ABSENT = (
    *("classResources", "courseResources", "lineItemScoreScales", "resources"),
    *("resultScoreScales", "scoreScales", "userProfiles", "userResources"),
)

HEADERS: dict[str, tuple[str, ...]] = {
    "manifest": ("propertyName", "value"),
    **{name: (*_COMMON.split(), *columns.split()) for name, columns in _ONEROSTER.items()},
    "companion/organizations": ("code", "name", "type"),
    **{
        f"companion/{sheet.name}": (*KEYS, *(column.name for column in sheet.columns))
        for sheet in SHEETS
    },
    "companion/guardianships": GUARDIANSHIP_COLUMNS,
    "companion/standing": STANDING_COLUMNS,
    "companion/settings": SETTING_COLUMNS,
}


class Tables:
    """Rows by file, written out together."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[list[str]]] = defaultdict(list)

    def add(self, file: str, /, **cells: object) -> str:
        """The *file* has one more row, with empty cells where none is given.

        Returns the row's ``id``, which is counted up where the file has one and none is given. A
        cell for ``metadata.entryMethod`` is given as ``entryMethod``.
        """
        header = HEADERS[file]
        rows = self._rows[file]
        if "id" in header:
            cells.setdefault("id", len(rows) + 1)
        by_column = {
            "metadata.entryMethod" if column == "entryMethod" else column: str(cell)
            for column, cell in cells.items()
        }
        if unknown := by_column.keys() - set(header):
            raise KeyError(f"{file} has no column {', '.join(sorted(unknown))}")
        rows.append([by_column.get(column, "") for column in header])
        return by_column.get("id", "")

    def write(self, folder: Path) -> None:
        """Every file is in *folder*, with its header, in UTF-8 with line feeds."""
        (folder / "companion").mkdir(parents=True, exist_ok=True)
        for name, header in HEADERS.items():
            path = folder / f"{name}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                writer.writerows(self._rows[name])
