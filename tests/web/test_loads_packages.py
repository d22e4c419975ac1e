"""Packages that nobody should unpack: each refused with a reason, nothing written outside."""

import io
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from databackpack.service.intake.package import BadPackage, is_package, unpack

MOST = 4_000_000


def package(*entries: tuple[str | ZipInfo, bytes], how: int = ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with ZipFile(body, "w", how) as made:
        for name, content in entries:
            made.writestr(name, content)
    return body.getvalue()


def link(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def encrypted() -> bytes:
    """Return a package whose entry says that it is encrypted, in both of its headers."""
    body = bytearray(package(("users.csv", b"a,b\n1,2\n")))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = body.index(mark) + place
        flags = struct.unpack_from("<H", body, at)[0]
        struct.pack_into("<H", body, at, flags | 1)
    return bytes(body)


def lying() -> bytes:
    """Return a package that says of its entry that it is ten bytes long; it is 3 MB."""
    body = bytearray(package(("users.csv", os.urandom(1000) * 3000)))
    at = body.index(b"PK\x01\x02") + 24
    struct.pack_into("<I", body, at, 10)
    return bytes(body)


def spoilt() -> bytes:
    """Return a package in which a byte of the file is another one."""
    body = bytearray(package(("users.csv", os.urandom(500)), how=ZIP_STORED))
    body[100] ^= 1
    return bytes(body)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (lambda: package(("users.csv", b"0" * 3_900_000)), "200 times as large"),
    "too large unpacked": (
        lambda: package(*((f"{n}.csv", os.urandom(10_000) * 100) for n in range(5))),
        "too large unpacked",
    ),
    "a bomb that lies about its size": (lying, "damaged"),
    "a way out": (lambda: package(("../users.csv", b"a")), "leads out"),
    "a way out further in": (lambda: package(("a/../../users.csv", b"a")), "leads out"),
    "an absolute name": (lambda: package(("/etc/passwd", b"a")), "leads out"),
    "a name of another system": (lambda: package(("C:\\users.csv", b"a")), "no name for a file"),
    "a name with a control character": (lambda: package(("a\nb.csv", b"a")), "no name for a file"),
    "a link": (lambda: package((link("users.csv"), b"/etc/passwd")), "a link"),
    "an encrypted entry": (encrypted, "is encrypted"),
    "a package in a package": (
        lambda: package(("more.zip", package(("a.csv", b"a")))),
        "package in a package",
    ),
    "a package in a package under another name": (
        lambda: package(("users.csv", package(("a.csv", b"a")))),
        "package in a package",
    ),
    "the same file twice": (
        lambda: package(("users.csv", b"a"), ("Users.csv", b"b")),
        "in it twice",
    ),
    "very many files": (
        lambda: package(*((f"{n}.csv", b"") for n in range(10_001)), how=0),
        "10000 is the most",
    ),
    "folders without end": (lambda: package(("a/" * 9 + "b.csv", b"a")), "too many folders"),
    "nothing in it": (lambda: package(), "no file in it"),
    "cut off": (lambda: package(("users.csv", os.urandom(5000)))[:-400], "cut off"),
    "spoilt within": (spoilt, "damaged"),
    "another way of packing": (
        lambda: package(("users.csv", b"a" * 100), how=ZIP_BZIP2),
        "another way than deflate",
    ),
}


def refusal(tmp_path: Path, body: bytes) -> str:
    """Return why a package is refused."""
    sent, files = tmp_path / "sent", tmp_path / "in" / "files"
    sent.write_bytes(body)
    files.mkdir(parents=True)
    assert is_package(sent)
    with pytest.raises(BadPackage) as told:
        unpack(sent, files, MOST)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} <= {sent, *files.rglob("*")}
    assert sum(path.stat().st_size for path in files.rglob("*") if path.is_file()) <= MOST
    return str(told.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", REFUSED)
def test_a_package_that_nobody_should_unpack_is_refused_with_a_reason(
    name: str, tmp_path: Path
) -> None:
    make, reason = REFUSED[name]
    assert reason in refusal(tmp_path, make())


def test_a_right_package_is_unpacked_with_its_folders(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(package(("a/", b""), ("a/b.csv", b"1"), ("c.csv", b"2")))
    (tmp_path / "files").mkdir()
    unpack(tmp_path / "sent", tmp_path / "files", MOST)
    assert (tmp_path / "files" / "a" / "b.csv").read_bytes() == b"1"
    assert (tmp_path / "files" / "c.csv").read_bytes() == b"2"


def test_what_is_no_zip_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(b"<a/>")
    assert not is_package(tmp_path / "sent")
