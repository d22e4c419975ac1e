"""A query worker: a child of a view's host that runs one query at a time, within limits.

It shares the host's memory until one of the two writes, applies the same changes, and can be
killed at any moment: the host's triples are not touched by what happens here.
"""

import gc
import os
from multiprocessing.connection import Connection
from typing import Any

from databackpack.service.views.confinement import Confinement
from databackpack.service.views.engine import Engine
from databackpack.service.views.message import receive, send, to_operation
from databackpack.service.views.view import (
    AnswerTooLarge,
    AnswerTooSlow,
    MalformedQuery,
    NotAcceptable,
)

__all__ = ["work"]

_REST = 2.0
"""Seconds without anything to do after which a worker gives back the memory that queries took."""


def work(pipe: int, engine: Engine) -> None:
    """Apply changes and answer queries from *pipe* in the order in which they come; never return.

    What cannot be told in an answer ends the process: whoever asked then finds the pipe closed.
    """
    gc.disable()
    status = 1
    try:
        confinement = Confinement(pipe)
        _serve(Connection(confinement.PIPE), engine, confinement)
        status = 0
    finally:
        os._exit(status)


def _serve(pipe: "Connection[Any, Any]", engine: Engine, confinement: Confinement) -> None:
    while True:
        if confinement.keeps and not pipe.poll(_REST) and not confinement.give_back():
            return
        try:
            header, bodies = receive(pipe)
        except EOFError:
            return
        match header["do"]:
            case "apply":
                engine.apply(*bodies)
            case "evaluate":
                if not _answer(pipe, engine, header, confinement):
                    return
            case "dump":
                for piece in engine.dump():
                    send(pipe, {"is_last": False}, piece)
                send(pipe, {"is_last": True}, b"")


def _answer(
    pipe: "Connection[Any, Any]", engine: Engine, header: dict[str, Any], confinement: Confinement
) -> bool:
    """Answer one query; tell whether another one can be run here."""
    operation = to_operation(header)
    confinement.begin(operation.limits)
    found: dict[str, Any] = {}
    body = b""
    try:
        body, found["media_type"], form = engine.evaluate(operation)
        found["form"] = form.value
    except (MalformedQuery, NotAcceptable, AnswerTooLarge, AnswerTooSlow) as fault:
        found = {"fault": type(fault).__name__, "detail": str(fault)}
    stays = confinement.end()
    send(pipe, {**found, "stays": stays}, body)
    return stays
