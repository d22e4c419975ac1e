"""The load in short: no errors, and memory that does not grow."""

from pathlib import Path

from tests.bench.load import run, serve

SECONDS, CLIENTS = 10, 8
MARGIN = 64 * 1024 * 1024
"""Bytes: a worker that met its first large query keeps what that took."""


def test_clients_that_never_rest_meet_no_error_and_memory_stays(tmp_path: Path) -> None:
    served = serve(tmp_path, 24)
    try:
        report = run(served, SECONDS, CLIENTS)
        assert served.stop() == 0
    finally:
        served.close()
    assert set(report.statuses) <= {200, 429, 503}, report.told
    assert report.statuses[200] > report.statuses.total() / 2, report.statuses
    assert len({kind for kind, status, _ in report.met if status == 200}) > 10, "kinds are missing"
    first, last = report.quarters
    assert last < first * 1.2 + MARGIN, f"{first / 2**20:.0f} MB became {last / 2**20:.0f} MB"
