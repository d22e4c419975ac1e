"""The sample, ready to be asked: built once, with a token file for each persona."""

from datetime import timedelta
from pathlib import Path

from rdflib import URIRef
from rich.console import Console

from databackpack.loaders import sample
from databackpack.ontology.codes import local_name
from databackpack.queries import cubes
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue
from databackpack.service.loading import describe, load, progress
from databackpack.service.records.identity import Identities
from databackpack.service.web.context import Context

__all__ = ["PERSONAS", "build"]

PERSONAS = {
    "state-agency": "state-agency-sample",
    "district": "district-north",
    "teacher": "teacher-elm",
    "other-school-teacher": "teacher-fern",
    "researcher": "researcher-mobility",
    "guardian": "guardian sample:G00001",
}
"""Persona → its audience; a guardian's audience is named by the key that files use."""

_PUBLISHED = {
    "state-agency": ("chronic-absence-by-gender", "moves"),
    "researcher": ("growth",),
}
"""Persona → the cubes that are published for it: those that are quick to make."""

_LIFETIME = timedelta(days=30)
_QUESTION = """\
Ask in another terminal, as the state agency and then as a teacher of one school:

  curl -H "Authorization: Bearer $(cat {folder}/tokens/state-agency.token)" \\
       -H "Accept: text/csv" "{address}/questions/learners-meeting-standard?standard=3.OA.A.1"
"""


def build(folder: Path, config: Config, context: Context, console: Console) -> None:
    """Make *context* hold the sample, with fresh tokens in *folder*; quick when it does already.

    The store counts as built once a marker says so; a build that was cut short is done again,
    which changes nothing of what is already there.
    """
    marker = folder / "built"
    if not marker.exists():
        console.print(f"Writing the sample into {folder / 'sample'}")
        sample.write(folder / "sample", today=config.clock().date())
        report = load(context.truth, "oneroster", [folder / "sample"], console)
        describe(report, console)
        for persona, names in _PUBLISHED.items():
            _publish(context, PERSONAS[persona], names, console)
        marker.touch()
    tokens = folder / "tokens"
    tokens.mkdir(exist_ok=True)
    tokens.chmod(0o700)
    identities = Identities(context.truth)
    for persona, name in PERSONAS.items():
        (tokens / f"{persona}.token").write_text(_token(context, persona, name, identities))
    address = f"http://{config.host}:{config.port}"
    console.print(f"Serving on {address}, tokens in {tokens}\n", highlight=False)
    question = _QUESTION.format(folder=folder, address=address)
    console.print(question, markup=False, highlight=False, soft_wrap=True)


def _publish(context: Context, name: str, names: tuple[str, ...], console: Console) -> None:
    from databackpack.service.statistics.publication import publish  # only the first start counts

    audience = context.views.audience(name)
    (purpose,) = audience.purposes
    with progress("Counting", console) as bar:
        publish(
            context.views, [cubes.read(one) for one in names], audience, purpose, None, bar.show
        )


def _token(context: Context, persona: str, name: str, identities: Identities) -> str:
    kind, _, key = name.partition(" ")
    if key:
        name = f"{kind}-{local_name(_known(identities, kind, key))}"
    audience = context.views.audience(name)
    (purpose,) = audience.purposes
    moment = context.truth.clock()
    return issue(context.key, persona, audience, purpose, moment, _LIFETIME)


def _known(identities: Identities, kind: str, key: str) -> URIRef:
    person = identities.find(kind, key)
    if person is None:
        raise LookupError(f"the sample has no {kind} {key}; remove the folder and build it again")
    return person
