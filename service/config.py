"""Settings: one frozen value; no other module reads the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from databackpack.service.records.truth import Clock, now
from databackpack.service.views.registry import Budget
from databackpack.service.views.view import Limits

__all__ = ["BadSetting", "Config"]

_DAY = 24 * 60 * 60


class BadSetting(ValueError):
    """A setting of the environment cannot be used; the message says which and what it may be."""


@dataclass(frozen=True, slots=True)
class Config:
    """Where the store is, under which jurisdiction, where to listen, what all may take.

    *store* None keeps everything in memory: for tests. *keys* is the folder of the signing key,
    *redo* the file of the redo log; None: beside the store.
    """

    store: Path | None
    keys: Path
    jurisdiction: str = "us-default"
    host: str = "127.0.0.1"
    port: int = 8080
    clock: Clock = now
    limits: Limits = field(default_factory=Limits)
    budget: Budget = field(default_factory=Budget)
    redo: Path | None = None

    @classmethod
    def of_folder(cls, folder: Path, environment: Mapping[str, str] = os.environ) -> "Config":
        """Return the settings for the store in *folder*; raises BadSetting.

        HOST, PORT, REDO, ANSWER_BYTES, ANSWER_SECONDS, ANSWER_MEMORY, VIEWS_MEMORY,
        VIEWS_IDLE_SECONDS and VIEW_WORKERS override the defaults.
        """
        folder = folder if folder.name not in ("", "..") else folder.resolve()
        if not folder.name:
            raise BadSetting("the store cannot be the root of all folders; name one below it")
        limits, budget = Limits(), Budget()
        limits = Limits(
            _number(environment, "ANSWER_BYTES", limits.most_bytes, 2**40),
            _number(environment, "ANSWER_SECONDS", int(limits.seconds), _DAY),
            _number(environment, "ANSWER_MEMORY", limits.memory, 2**42),
        )
        idle = _number(environment, "VIEWS_IDLE_SECONDS", int(budget.idle.total_seconds()), _DAY)
        budget = Budget(
            _number(environment, "VIEWS_MEMORY", budget.memory, 2**42),
            timedelta(seconds=idle),
            _number(environment, "VIEW_WORKERS", budget.workers, 64),
        )
        return cls(
            store=folder,
            keys=folder.with_name(f"{folder.name}.keys"),
            host=environment.get("HOST") or "127.0.0.1",
            port=_number(environment, "PORT", 8080, 65535),
            limits=limits,
            budget=budget,
            redo=Path(environment["REDO"]) if environment.get("REDO") else None,
        )


def _number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return the setting *name*, from 1 to *most*; one that is not there or empty is *default*."""
    value = environment.get(name) or str(default)
    if re.fullmatch(r"[0-9]{1,13}", value) is None or not 1 <= int(value) <= most:
        raise BadSetting(f"{name} is {value[:40]!r}; set it to a number from 1 to {most}")
    return int(value)
