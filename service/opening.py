"""What the commands share: the store that they work on, and learners by the keys that files use."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

import click
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.app import open_context
from databackpack.service.config import Config
from databackpack.service.policy.model import Audience
from databackpack.service.policy.refusal import Refused, nearest
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import StoreInUse
from databackpack.service.web.context import Context

__all__ = [
    "MOMENT",
    "STORE",
    "audience_of",
    "learner_of",
    "opened",
    "purpose_among",
    "telling",
    "unknown",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
"""A moment in UTC, as options take it."""

STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="The truth store.",
)


def opened(store: Path, *, create: bool = False, config: Config | None = None) -> Context:
    """Return the stores in the folder *store*, open; a user's mistake is told as such.

    With *config*, instead of the settings in the environment, as that says.
    """
    try:
        return open_context(config or Config.of_folder(store), create=create)
    except (StoreInUse, ValueError) as error:
        raise click.ClickException(str(error)) from None


def audience_of(context: Context, name: str, purpose: str | None) -> tuple[Audience, URIRef]:
    """Return the audience called *name* and its purpose called *purpose*, if it has several."""
    try:
        found = context.views.audience(name)
        return found, purpose_among(found.purposes, purpose)
    except KeyError:
        names = [local_name(one.iri) for one in context.views.audiences()]
        raise click.ClickException(unknown(name, names)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def unknown(name: str, known: Iterable[str]) -> str:
    """Return what is said to whoever names an audience that is none of those *known*."""
    return f"no audience {name!r}; there is {nearest(name, known)}; for all see: backpack audience"


def purpose_among(purposes: frozenset[URIRef], text: str | None) -> URIRef:
    """Return the purpose with *text* as IRI or last segment, or the only one; raises ValueError."""
    if text is None and len(purposes) == 1:
        return next(iter(purposes))
    named = [one for one in purposes if text in (str(one), local_name(one))]
    if not named:
        names = ", ".join(sorted(local_name(purpose) for purpose in purposes))
        raise ValueError(f"choose a --purpose of this audience: {names}")
    return named[0]


def learner_of(context: Context, name: str) -> URIRef:
    """Return the learner called *name*: a UUID, or a key of files such as ``state:S000001``."""
    try:
        return ID[f"learner/{UUID(name)}"]
    except ValueError:
        found = Identities(context.truth).find("learner", name)
    if found is None:
        raise click.ClickException(f"no learner {name!r}; write the UUID or a key: state:S000001")
    return found


def telling(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let *command* tell what is refused, and by which rule, with exit code 1."""

    @wraps(command)
    def tell(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except Refused as refused:
            raise click.ClickException(str(refused)) from None

    return tell
