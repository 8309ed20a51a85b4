"""The on-disk cache of compiled modules: atomic, shared by processes, bounded, and never trusted blindly.

<directory>/modules/<name>-<key>/   one module: the library, its sources, `record.json` (its size and hash)
<directory>/locks/<00..ff>          one builds, the others wait; the kernel drops a lock with its process
<directory>/building/<random>/      work in progress; renamed into `modules` in one step when it is whole
<directory>/failed/<name>-<key>/    sources and compiler output of a build that failed
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from ..grammar.errors import BuildError

try:
    import fcntl
except ImportError:  # a platform without flock: two processes may then build the same thing, and the last one stands
    fcntl = None  # type: ignore[assignment]

DEFAULT_LIMIT = 1 << 30
_DAY = 86400.0


class CacheWarning(UserWarning):
    """The cache directory cannot be used; compiled code is kept for this session only."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Compiled modules under ``directory``, at most about ``limit`` bytes of them."""

    directory: Path
    limit: int = DEFAULT_LIMIT

    def find(self, entry: str, library: str) -> Path | None:
        """Return the library of a whole and unaltered entry, or None."""
        folder = self.directory / "modules" / entry
        record = folder / "record.json"
        try:
            expected = json.loads(record.read_bytes())
            path = folder / library
            if describe(path) != expected:
                return None
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):  # a read-only cache still serves; it only forgets what was used last
            os.utime(record)
        return path

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock for ``key``; others that build the same wait here. 256 files serve all keys."""
        path = self.directory / "locks" / hashlib.blake2b(key.encode(), digest_size=1).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a fresh directory on the cache's file system, and leave nothing of it behind."""
        parent = self.directory / "building"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, folder: Path, entry: str, library: str) -> Path:
        """Move the finished ``folder`` into place in one step; the caller holds the lock."""
        (folder / "record.json").write_text(json.dumps(describe(folder / library)))
        return self._place(folder, "modules", entry) / library

    def keep_failed(self, folder: Path, entry: str) -> Path:
        """Keep what a failed build leaves, for a bug report; returns where it is."""
        return self._place(folder, "failed", entry)

    def trim(self, now: float | None = None) -> None:
        """Remove what was used longest ago until the cache fits its bound; looks at most once a day."""
        now = time.time() if now is None else now
        stamp = self.directory / "trimmed"
        with contextlib.suppress(OSError):
            if stamp.exists() and now - stamp.stat().st_mtime < _DAY:
                return
            stamp.touch()
            os.utime(stamp, (now, now))
            self._remove_abandoned(now)
            self._remove_oldest(now)

    def clear(self) -> None:
        """Remove every compiled module; what is loaded stays usable, and a build under way goes on."""
        for part in ("modules", "failed"):
            shutil.rmtree(self.directory / part, ignore_errors=True)
        for path in self.directory.glob("compiler-*.json"):
            path.unlink(missing_ok=True)

    def _place(self, folder: Path, part: str, entry: str) -> Path:
        target = self.directory / part / entry
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # a damaged entry: move it aside first, as a directory that is not empty cannot be replaced
            with self.workspace() as aside, contextlib.suppress(FileNotFoundError):
                target.rename(aside / "old")
        try:
            return folder.rename(target)
        except OSError:
            if not target.exists():
                raise
            return target  # without locks, somebody else may have built the same meanwhile

    def _remove_abandoned(self, now: float) -> None:
        """Remove what killed builds left behind, and old failures; a build that is under way is younger."""
        for part in ("building", "failed"):
            for folder in (self.directory / part).glob("*"):
                if now - folder.stat().st_mtime > _DAY:
                    shutil.rmtree(folder, ignore_errors=True)

    def _remove_oldest(self, now: float) -> None:
        entries = [(_last_used(folder), _size(folder), folder) for folder in (self.directory / "modules").glob("*")]
        total = sum(size for _, size, _ in entries)
        for used, size, folder in sorted(entries):
            # What was used in the last hour may be about to be loaded by the process that asked for it.
            if total <= self.limit or now - used < _DAY / 24:
                return
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def default_directory() -> Path:
    """Return ``$EQSNN_CACHE_DIR``, or the user's cache directory for eqsnn."""
    chosen = os.environ.get("EQSNN_CACHE_DIR")
    return Path(chosen).expanduser().absolute() if chosen else Path(platformdirs.user_cache_dir("eqsnn"))


def open_cache(directory: Path | None = None) -> Cache:
    """Return the cache at ``directory`` (by default `default_directory`)."""
    return Cache(default_directory() if directory is None else Path(directory))


def writable(cache: Cache) -> Cache:
    """Return ``cache``, or where it cannot be written, one for this session only (with one warning).

    :raises BuildError: E805, the disk is full.
    """
    try:
        with cache.workspace() as folder:
            (folder / "probe").write_bytes(b"x")
    except OSError as error:
        if is_full(error):
            raise disk_full(cache.directory) from None
        return Cache(_session_directory(str(cache.directory), error.strerror or "not writable"), cache.limit)
    return cache


def clear(directory: Path | None = None) -> None:
    """Remove all that eqsnn has compiled and kept on disk (in ``directory``, by default `default_directory`)."""
    open_cache(directory).clear()


def describe(path: Path) -> dict[str, object]:
    """Give the size and content hash of a file, by which a damaged one is known."""
    content = path.read_bytes()
    return {"size": len(content), "hash": hashlib.blake2b(content, digest_size=16).hexdigest()}


def is_full(error: OSError) -> bool:
    """Whether ``error`` means that there is no room on the disk."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(directory: Path) -> BuildError:
    """Make the error for a disk that has no room for compiled code."""
    return BuildError(
        "E805",
        f"there is no space left on the disk for compiled code, which goes to {directory}.",
        hint="free some space (eqsnn.runtime.cache.clear() removes what eqsnn has kept), "
        "or set the environment variable EQSNN_CACHE_DIR to a directory on another disk",
    )


@cache
def _session_directory(unusable: str, reason: str) -> Path:
    warnings.warn(
        f"eqsnn cannot write to its cache directory {unusable} ({reason}): compiled code is kept for this session "
        "only. Set EQSNN_CACHE_DIR to a directory that can be written.",
        CacheWarning,
        stacklevel=4,
    )
    directory = tempfile.mkdtemp(prefix="eqsnn-")
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child must not take its parent's modules away
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove)
    return Path(directory)


def _last_used(folder: Path) -> float:
    try:
        return (folder / "record.json").stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*"))
