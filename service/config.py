"""The settings as one frozen value, for the store in one folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from limits import RateLimitItem

from databackpack.service.intake.package import Sizes
from databackpack.service.records.truth import Clock, now
from databackpack.service.settings import BadSetting, read
from databackpack.service.views.registry import Budget
from databackpack.service.views.view import Limits

__all__ = ["BadSetting", "Config"]


@dataclass(frozen=True, slots=True)
class Config:
    """Where the store is, under which jurisdiction, where to listen, what all may take.

    *store* None keeps everything in memory: for tests. *keys* is the folder of the signing key,
    *redo* the file of the redo log; None: beside the store. *grace* is how many seconds requests
    have to end; *origins* are whose pages may ask; *https*: a proxy in front speaks it.
    *issuer* is who else signs tokens: its ``iss``, their ``aud``, where its keys are. *asker_rate*,
    *address_rate* and *concurrency* are what one asker, or a client without a token, may ask;
    *sizes* what one load may be.
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
    grace: int = 30
    origins: tuple[str, ...] = ()
    https: bool = False
    issuer: tuple[str, str, str] = ("", "", "")
    asker_rate: tuple[RateLimitItem, ...] = ()
    address_rate: tuple[RateLimitItem, ...] = ()
    concurrency: int | None = None
    sizes: Sizes = field(default_factory=Sizes)

    @classmethod
    def of_folder(
        cls,
        folder: Path,
        environment: Mapping[str, str] = os.environ,
        file: Path | None = None,
    ) -> "Config":
        """Return the settings for the store in *folder*; raises BadSetting.

        They are those of ``settings.SETTINGS``, from *environment*, then from *file*.
        """
        folder = folder if folder.name not in ("", "..") else folder.resolve()
        if not folder.name:
            raise BadSetting("the store cannot be the root of all folders; name one below it")
        found = read(environment, file)
        return cls(
            store=folder,
            keys=folder.with_name(f"{folder.name}.keys"),
            host=found["HOST"],
            port=found["PORT"],
            limits=Limits(found["ANSWER_BYTES"], found["ANSWER_SECONDS"], found["ANSWER_MEMORY"]),
            budget=Budget(
                found["VIEWS_MEMORY"],
                timedelta(seconds=found["VIEWS_IDLE_SECONDS"]),
                found["VIEW_WORKERS"],
            ),
            redo=found["REDO"],
            grace=found["STOP_SECONDS"],
            origins=found["CORS_ORIGINS"],
            https=found["HTTPS"],
            issuer=(found["ISSUER"], found["ISSUER_AUDIENCE"], found["ISSUER_KEYS"]),
            asker_rate=found["ASKER_RATE"],
            address_rate=found["ADDRESS_RATE"],
            concurrency=found["ASKER_REQUESTS"],
            sizes=Sizes(found["LOAD_BYTES"], found["LOAD_UNPACKED_BYTES"]),
        )
