"""What installs and runs the service elsewhere: the lock of what runs, the systemd unit."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "backpack.service"
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(file: Path) -> dict[str, set[str]]:
    """Return the version and the hashes of each package that a lock names."""
    blocks = re.split(r"\n(?=[a-z0-9])", file.read_text())
    found: dict[str, set[str]] = {}
    for block in blocks:
        name, version = PIN.findall(block)[0]
        found.setdefault(name, set()).update({version, *re.findall(r"sha256:[0-9a-f]{64}", block)})
    return found


def test_what_runs_is_locked_as_what_is_tested_and_has_nothing_of_the_tests() -> None:
    tested, run = pins(ROOT / "requirements.lock"), pins(ROOT / "deploy" / "requirements.lock")
    assert {name: tested.get(name) for name in run} == run
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {re.split("[<>=]", one)[0] for one in project["project"]["dependencies"]}
    assert wanted <= set(run)
    assert not {"pytest", "schemathesis", "selenium", "mypy", "ruff"} & set(run)


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not here")
    unit = tmp_path / UNIT.name
    command = "/opt/databackpack/bin/backpack"
    assert command in UNIT.read_text()
    unit.write_text(UNIT.read_text().replace(command, sys.executable))
    done = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_leaves_views_the_namespaces_by_which_they_leave_the_network() -> None:
    said = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert set(said["RestrictNamespaces"].split()) == {"user", "net"}
    assert said["NoNewPrivileges"] == "yes"
    assert said["ProtectSystem"] == "strict"
    assert int(said["TimeoutStopSec"]) > 30 + 10, "the grace, and what comes after it"
    assert said["LimitCORE"] == "0"
