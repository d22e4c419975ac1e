"""One client of the load, a process of its own that imports nothing of the project.

It reads a job as JSON from standard input, asks until the job's time is over, and writes what it
met as JSON: for each request its kind, its status (0 when nobody answered) and its seconds.
"""

import json
import sys
from http.client import HTTPConnection, HTTPException
from random import Random
from time import monotonic, sleep
from typing import Any

__all__ = ["run"]


def run(job: dict[str, Any]) -> list[tuple[str, int, float]]:
    """Return what each request met, asked one after the other by one connection."""
    random = Random(job["seed"])  # noqa: S311
    connection = HTTPConnection("127.0.0.1", job["port"], timeout=60)
    found: list[tuple[str, int, float]] = []
    sleep(max(0.0, job["begin"] - monotonic()))
    while monotonic() < job["end"]:
        kind, path, body = random.choice(job[random.choices(*job["kinds"])[0]])
        headers = job["headers"] | ({"Content-Type": "application/sparql-query"} if body else {})
        begin = monotonic()
        try:
            connection.request("POST" if body else "GET", path, body and body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            print(f"{kind}: {error!r}", file=sys.stderr)
            found.append((kind, 0, monotonic() - begin))
            connection.close()
            continue
        found.append((kind, answer.status, monotonic() - begin))
        if answer.status in (429, 503):
            sleep(int(answer.headers.get("Retry-After", 1)))
        elif answer.status != 200:
            print(f"{kind}: {answer.status} {path}", file=sys.stderr)
    connection.close()
    return found


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
