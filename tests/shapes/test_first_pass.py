"""The first pass says what pySHACL says: on cases, on the sample, and on records spoiled at random.

Where it is not certain pySHACL decides, so what may never happen is that it lets something pass of
which pySHACL has something to tell. That it is certain of all that is good is what makes it fast.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from rdflib import Graph

from databackpack import shapes
from databackpack.loaders import oneroster, sample
from databackpack.loaders.record import Record, Source, person_iri
from databackpack.shapes import first_pass
from databackpack.shapes.files import categories
from tests.shapes import mutation
from tests.shapes.test_cases import CASES, record

_NO_RECORDS = (
    *("agreement", "alignment", "consent-policy", "consent-record", "cube", "framework"),
    "organization",
)
"""Folders of cases of what is no record."""


def of_case(path: Path) -> Record:
    made = record(Graph().parse(path))
    source = Source(f"{path.parent.name}/{path.name}", 1)
    return Record(made.learner, made.holder, made.category, made.graph, source)


def of_cases() -> list[Record]:
    return [of_case(path) for path in CASES if path.parent.name not in _NO_RECORDS]


@pytest.fixture(scope="module")
def of_sample(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("sample")
    sample.write(folder, learners=20, today=date(2026, 11, 24))
    numbers: dict[str, int] = {}

    def mint(kind: str, identifier: str) -> object:
        number = numbers.setdefault(identifier, len(numbers) + 1)
        return person_iri(kind, UUID(int=number, version=4))

    found = oneroster.read(folder, mint)  # type: ignore[arg-type]
    return [one for one in found if isinstance(one, Record)]


def alone(records: Sequence[Record]) -> list[bool]:
    """Return of each of *records*, given alone, whether the first pass lets it pass."""
    return [bool(first_pass.conforming([one])) for one in records]


def told(record: Record, report: shapes.Report) -> str:
    return f"{record.source}\n{report.results}\n{record.lines.decode(errors='replace')}"


def test_every_case_has_the_verdict_of_pyshacl() -> None:
    records = of_cases()
    for one, passes in zip(records, alone(records), strict=True):
        (report,) = shapes.reference([one])
        assert passes == (not report.results), told(one, report)
        assert shapes.validate_batch([one]) == [report]


def test_every_record_of_the_sample_passes_at_once(of_sample: list[Record]) -> None:
    assert len({one.category for one in of_sample}) >= len(set(categories().values())) - 1
    assert not any(report.results for report in shapes.reference(of_sample))
    assert first_pass.conforming(of_sample) == set(range(len(of_sample)))


def test_what_one_record_lacks_another_of_the_batch_does_not_lend_it(
    of_sample: list[Record],
) -> None:
    """Half a record is no record, whoever has the other half."""
    one = next(each for each in of_sample if each.category.endswith("identity"))
    lines = one.lines.splitlines(keepends=True)
    halves = [
        Record(one.learner, one.holder, one.category, b"".join(half), one.source)
        for half in (
            [line for line in lines if b"givenName" not in line],
            [line for line in lines if b"familyName" not in line],
        )
    ]
    assert first_pass.conforming(halves) == set()
    assert first_pass.conforming([one, halves[0], one]) == {0, 2}


def test_lines_that_say_more_than_they_seem_to_do_not_pass(of_sample: list[Record]) -> None:
    one = next(each for each in of_sample if each.category.endswith("comments"))
    other = str(one.learner).replace(str(one.learner)[-4:], "beef").encode()
    mine = str(one.learner).encode()
    first, *rest = one.lines.splitlines(keepends=True)
    escaped = b"\\u0068ttps" + mine.removeprefix(b"https")
    for lines in (
        first.rstrip(b"\n") + b" " + b"".join([first, *rest]),
        first.replace(b" .\n", b" . # more\n") + b"".join(rest),
        one.lines.rstrip(b"\n"),
        one.lines + b"\n",
        b"@prefix a: <http://a/> .\n" + one.lines,
        one.lines.replace(b"<" + mine + b">", b"<" + other + b">"),
        one.lines.replace(b"<" + mine + b">", b"<" + escaped + b">"),
        one.lines.replace(b" <", b"\t<"),
        one.lines.replace(b" .\n", b" , <http://a/b> .\n", 1),
        one.lines.replace(b"\n", b"\r\n"),
        one.lines + b"\xff\n",
        b"",
    ):
        spoiled = Record(one.learner, one.holder, one.category, lines, one.source)
        assert first_pass.conforming([spoiled]) == set(), lines
    assert first_pass.conforming([one]) == {0}


def spoiled(records: Sequence[Record], count: int, seed: int) -> Iterator[tuple[str, Record]]:
    random = Random(seed)  # noqa: S311  # the same ones at each run
    kinds = list(mutation.KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield kind, mutation.mutated(random.choice(records), kind, random)


def compare(records: Sequence[Record], count: int, seed: int) -> Counter[tuple[str, bool, bool]]:
    """Compare *count* spoiled records; return how many of each kind passed, and conform."""
    found: Counter[tuple[str, bool, bool]] = Counter()
    batch = list(spoiled(records, count, seed))
    made = [one for _, one in batch]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib tells of values that are not of their type
        reports = shapes.reference(made)
        assert shapes.validate_batch(made) == reports
    for (kind, one), passes, report in zip(batch, alone(made), reports, strict=True):
        if passes:
            assert not report.results, f"{kind} of {told(one, report)}"
        found[kind, passes, not report.results] += 1
    return found


_ODDLY_WRITTEN = ("ill-typed", "odd or long text", "wrong datatype", "numbers")
"""Kinds among which are values that are right in a form that loaders do not write, such as +5."""


def check(found: Counter[tuple[str, bool, bool]]) -> None:
    """Nothing bad passed, all that is good in a usual form did, and there was enough of both."""
    for kind, passes, good in found:
        assert good or not passes, kind
        assert passes or not good or kind in _ODDLY_WRITTEN, kind
    conforming = sum(count for (_, _, is_good), count in found.items() if is_good)
    assert 0.05 * found.total() < conforming < 0.6 * found.total(), found


def test_five_hundred_spoiled_records_have_the_verdicts_of_pyshacl(of_sample: list[Record]) -> None:
    valid = [one for one in of_cases() if "/valid." in one.source.file]
    check(compare([*valid, *of_sample], 520, seed=1))


@pytest.mark.soak
def test_five_thousand_spoiled_records_have_the_verdicts_of_pyshacl(
    of_sample: list[Record],
) -> None:
    valid = [one for one in of_cases() if "/valid." in one.source.file]
    check(compare([*valid, *of_sample], 5_200, seed=2))
