"""One load: the files of one format, through intake into the truth store, on record as a run."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from databackpack.loaders.formats import FORMATS, TOGETHER, by_mapping
from databackpack.ontology import standards
from databackpack.service.intake import take_in
from databackpack.service.intake.quarantine import Quarantine
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import Run, input_files
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import public

__all__ = ["load"]


def load(
    truth: TruthStore,
    form: str,
    paths: Sequence[Path],
    *,
    mapping: Path | None = None,
    choices: Mapping[str, object] | None = None,
    workers: int = 0,
    advance: Callable[[int], None] = lambda learners: None,
    expect: Callable[[int], None] = lambda learners: None,
) -> Report:
    """Return the report of loading *paths*, all of the format *form*, into *truth*.

    *mapping* says how columns become terms, where the format is ``csv``; *choices* go to the
    readers of `TOGETHER`. *workers*, *advance* and *expect* are those of `take_in`. Doing it again,
    also after a kill, brings what is missing and changes nothing else. Records may be aligned to
    every framework that *truth* holds. Raises OSError for what is not there.
    """
    files = list(input_files(paths))
    run = Run(truth, form, files, next(input_files([mapping])) if mapping else None)
    identities = Identities(truth)
    items = (
        by_mapping(paths, mapping)
        if mapping
        else TOGETHER[form](*paths, **(choices or {}))
        if form in TOGETHER
        else chain.from_iterable(FORMATS[form](path, identities.mint) for path in paths)
    )
    with standards.knowing(public.loaded(truth).new_names()):
        report = take_in(
            truth,
            items,
            run=run,
            identities=identities,
            workers=workers,
            advance=advance,
            expect=expect,
        )
    truth.commit(list(Quarantine(truth).rows(report, {file.name for file in files})))
    run.end()
    report.changed = run.records()
    return report
