"""What the commands share: the store that they work on, and learners by the keys that files use."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

import click
from rdflib import URIRef

from databackpack.ontology.namespaces import ID
from databackpack.service.app import open_context
from databackpack.service.config import Config
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import StoreInUse
from databackpack.service.web.context import Context

__all__ = ["STORE", "learner_of", "opened", "telling"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

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
