"""The production server process: Waitress, stopped in order by SIGINT or SIGTERM."""

import logging
import signal
from threading import Thread
from types import FrameType

import waitress
from flask import Flask

from databackpack.service.config import Config
from databackpack.service.web.context import Context

__all__ = ["serve"]

_THREADS = 8


def serve(app: Flask, config: Config, context: Context) -> None:
    """Answer on the host and port of *config* until told to stop; then close the store."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    Thread(target=context.views.read_dossiers, daemon=True).start()
    try:
        waitress.serve(app, host=config.host, port=config.port, threads=_THREADS, ident=None)
    finally:
        context.truth.flush()
