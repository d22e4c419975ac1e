"""A package that somebody sends: a zip, unpacked into a folder of ours or refused with a reason."""

import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo, is_zipfile

__all__ = ["BadPackage", "Sizes", "is_package", "unpack"]

_MOST_ENTRIES = 10_000
_MOST_RATIO = 200
"""Bytes that one byte may become: tables of zeros and ones become thirty or fifty."""

_SMALL = 1024 * 1024
"""Bytes up to which nobody looks at the ratio."""

_LONGEST_NAME = 200
_DEEPEST = 8
_PIECE = 1024 * 1024
_ARCHIVES = {".7z", ".bz2", ".gz", ".jar", ".rar", ".tar", ".tgz", ".xz", ".zip", ".zst"}
_BEGINNINGS = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_ENCRYPTED = 1
"""The bit of an entry's flags (APPNOTE.TXT, 4.4.4)."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes that may be sent at once, and that they may be unpacked."""

    sent: int = 2**30
    unpacked: int = 2**32


class BadPackage(ValueError):
    """The package cannot be unpacked; the message names the entry and says why and what to do."""


def is_package(file: Path) -> bool:
    """Tell whether *file* is a zip, or was one before it was cut off."""
    with file.open("rb") as opened:
        return is_zipfile(opened) or (opened.seek(0) == 0 and opened.read(4) == _BEGINNINGS[0])


def unpack(file: Path, folder: Path, most: int) -> None:
    """Let *folder*, which is empty, hold the files of the zip *file*, at most *most* bytes of them.

    Nothing is written outside of it; what an entry says of its own size is not believed. Raises
    BadPackage, having unpacked a part.
    """
    try:
        with ZipFile(file) as package:
            entries = package.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise BadPackage(f"it has {len(entries)} entries; {_MOST_ENTRIES} is the most")
            taken: set[str] = set()
            left = most
            for entry in entries:
                path = _checked(entry)
                if entry.is_dir():
                    continue
                if str(path).casefold() in taken:
                    raise BadPackage(f"{path} is in it twice; send each file once")
                taken.add(str(path).casefold())
                left -= _write(package, entry, folder / path, left)
            if not taken:
                raise BadPackage("there is no file in it")
    except (BadZipFile, EOFError, zlib.error) as error:
        raise BadPackage(f"it is damaged or was cut off ({error}); make it again") from None
    except NotImplementedError as error:
        raise BadPackage(f"it is a zip of a kind not known here ({error})") from None


def _checked(entry: ZipInfo) -> PurePosixPath:
    """Return where *entry* goes; raises BadPackage for what may not be unpacked at all."""
    name = entry.orig_filename
    shown = repr(name[:_LONGEST_NAME])
    path = PurePosixPath(name)
    if not name.isprintable() or "\\" in name or ":" in name or len(name) > _LONGEST_NAME:
        raise BadPackage(f"{shown} is no name for a file here; use letters, digits, - _ . and /")
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadPackage(f"{shown} leads out of the package; name files below its root")
    if len(path.parts) > _DEEPEST:
        raise BadPackage(f"{shown} is in too many folders; {_DEEPEST} is the most")
    if entry.flag_bits & _ENCRYPTED:
        raise BadPackage(f"{shown} is encrypted; send it as it is, the way here is encrypted")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadPackage(f"{shown} is a link or a device; send the file itself")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others unpack without a bound
        raise BadPackage(f"{shown} is packed in another way than deflate; pack it so")
    if path.suffix.lower() in _ARCHIVES and not entry.is_dir():
        raise BadPackage(f"{shown} is a package in a package; unpack it first")
    return path


def _write(package: ZipFile, entry: ZipInfo, target: Path, left: int) -> int:
    """Return the bytes of *entry* that are now in *target*; raises BadPackage beyond *left*."""
    target.parent.mkdir(parents=True, exist_ok=True)
    done, most = 0, max(_SMALL, entry.compress_size * _MOST_RATIO)
    with target.open("xb") as written:
        for piece in _pieces(package, entry):
            if done == 0 and piece.startswith(_BEGINNINGS):
                raise BadPackage(f"{entry.filename} is a package in a package; unpack it first")
            done += len(piece)
            if done > left:
                raise BadPackage("it is too large unpacked; send it in parts")
            if done > most:
                raise BadPackage(
                    f"{entry.filename} becomes more than {_MOST_RATIO} times as large: nobody's "
                    "files do; send it unpacked or in parts"
                )
            written.write(piece)
    return done


def _pieces(package: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    try:
        with package.open(entry) as opened:
            while piece := opened.read(_PIECE):
                yield piece
    except RuntimeError as error:  # a password is asked for
        raise BadPackage(f"{entry.filename}: {error}") from None
