"""Settings: one frozen value; no other module reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from databackpack.service.records.truth import Clock, now

__all__ = ["Config"]


@dataclass(frozen=True, slots=True)
class Config:
    """Where the store is, under which jurisdiction, and where to listen.

    *store* None keeps everything in memory: for tests. *keys* is the folder of the signing key.
    """

    store: Path | None
    keys: Path
    jurisdiction: str = "us-default"
    host: str = "127.0.0.1"
    port: int = 8080
    clock: Clock = now

    @classmethod
    def of_folder(cls, folder: Path, environment: Mapping[str, str] = os.environ) -> "Config":
        """Return the settings for the store in *folder*; PORT and HOST override the defaults."""
        return cls(
            store=folder,
            keys=folder.with_name(f"{folder.name}.keys"),
            host=environment.get("HOST", "127.0.0.1"),
            port=int(environment.get("PORT", "8080")),
        )
