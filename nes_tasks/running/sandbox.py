"""The sandbox: the rights of a script's process after the script is loaded.

On Linux the kernel enforces the rules, by Landlock (files, TCP, signals) and seccomp (system
calls). Elsewhere `audit` enforces them as far as Python can, so that scripts behave alike; that is
not a protection. docs/security.md explains each rule.
"""

from __future__ import annotations

import errno
import os
import ssl
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Self

from . import audit, landlock, seccomp
from .importing import WHOLE, Importable, mapped_packages, outside_packages
from .script_terms import OFF, Terms

# System paths that programs need: libraries, and data shared by all users of the machine.
SYSTEM = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib",
    "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/mime.types",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted", "/etc/crypto-policies",
    "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
    "/usr/share/ca-certs", "/usr/share/locale", "/usr/share/i18n",
    "/dev/zero", "/dev/urandom", "/dev/random",
    "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip
# The system's own notion of a process, which is another one in each of them.
OWN_PROCESS = "/proc/self"
NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
    "/etc/services", "/etc/protocols",
)  # fmt: skip
PROGRAMS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/libexec")
# The folder for locks of multiprocessing and shared memory.
SHARED = Path("/dev/shm")  # noqa: S108
STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd")
NULL = Path(os.devnull)

SWITCHED_OFF = "it is switched off"
# Packages and modules by name, by the entry of `sys.path` that they are in.
Packages = Mapping[str, Mapping[str, Path]]


class UnconfinedError(Exception):
    """The kernel does not confine the process; the message says why."""


def unavailable() -> str | None:
    """Return why this system cannot confine a script, None when it can."""
    if sys.platform != "linux":
        return f"{sys.platform} has no Landlock"
    if not seccomp.is_available():
        return f"there is no seccomp filter for {os.uname().machine}"
    return None if landlock.version() else "the kernel has no Landlock, or it is switched off"


def described() -> str:
    """Return a short description of the confinement here."""
    return f"Landlock {landlock.version()}, seccomp"


class Rules:
    """The rules of one script, on `terms` and with the folder `temporary` for temporary files.

    They are made before its process is forked: that one has to copy each page of memory that it
    touches, which takes longer than the rules themselves. Use them in a ``with`` block.
    """

    def __init__(self, terms: Terms, temporary: Path) -> None:
        self._temporary = str(temporary)
        self._packages = _packages(terms)
        self._ruleset: int | None = None
        self._filter = b""
        # Why the kernel does not confine the process; None as long as it seems to.
        self._problem = SWITCHED_OFF if terms.sandbox == OFF else unavailable()
        if self._problem is None:
            self._filter = seccomp.compiled(
                network=terms.network,
                processes=terms.processes,
                truncation=landlock.version() >= landlock.TRUNCATE_SINCE,
            )
            try:
                self._ruleset = landlock.make_ruleset(
                    (*readable(terms), *_opened()),
                    writable(terms, temporary),
                    shared(terms),
                    tcp=terms.network,
                    execute=terms.processes,
                )
            except OSError as error:
                self._problem = _refused(error)

    @property
    def files(self) -> Sequence[int]:
        """The file descriptors that the process needs until `enforce` has returned."""
        return () if self._ruleset is None else (self._ruleset,)

    def enforce(self) -> None:
        """Drop, irrevocably in this process, the rights that its script may not have.

        Must be called while the process has a single thread. Raises `UnconfinedError` when the
        kernel does not confine it; nothing is given up then, or less than all.
        """
        if self._ruleset is None:
            raise UnconfinedError(self._problem)
        _import_from(self._packages)
        try:
            seccomp.give_up_new_rights()
            landlock.allow_reading(self._ruleset, OWN_PROCESS)
            landlock.enforce(self._ruleset)
            seccomp.restrict(self._filter)
        except OSError as error:
            raise UnconfinedError(_refused(error)) from error
        finally:
            self.close()
        _try_out(self._temporary)

    def close(self) -> None:
        """Close what the kernel holds of the rules."""
        ruleset, self._ruleset = self._ruleset, None
        if ruleset is not None:
            os.close(ruleset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _refused(error: OSError) -> str:
    return f"the kernel refuses it: {error.strerror}"


def move_in(temporary: Path, *, is_home: bool) -> None:
    """Put temporary files into `temporary`, and with `is_home` the user's files as well."""
    os.environ["TMPDIR"] = str(temporary)
    if is_home:
        os.environ["HOME"] = str(temporary)
    tempfile.tempdir = None


def imitate(terms: Terms, temporary: Path) -> None:
    """Make Python refuse what `Rules` would make the kernel refuse, where it does not."""
    packages = _packages(terms)
    _import_from(packages)
    audit.install(
        allowed=[*readable(terms), *_common(), Path(OWN_PROCESS)],
        writable=[*writable(terms, temporary), *shared(terms), *map(Path, STREAMS)],
        forbidden=[Path(path) for path in terms.forbidden],
        network=terms.network,
        processes=terms.processes,
    )


def _packages(terms: Terms) -> Packages:
    """Return the packages outside of Python's folders that the script may import."""
    kept_from = {Path(path) for path in terms.forbidden}
    return {
        entry: {name: path for name, path in packages.items() if path not in kept_from}
        for entry, packages in outside_packages().items()
    }


def _import_from(packages: Packages) -> None:
    """Have these packages imported from where they are, and nothing else from beside them."""
    for entry, found in packages.items():
        sys.path_importer_cache[entry] = Importable(found)


def readable(terms: Terms) -> Iterator[Path]:
    """Yield the files and folders that a script may read, besides `OWN_PROCESS` and `_common`."""
    yield Path(terms.folder)
    if terms.index:
        yield Path(terms.index)
    for packages in _packages(terms).values():
        yield from packages.values()
    yield from mapped_packages()
    if terms.network:
        yield from map(Path, NETWORK)
    if terms.processes:
        yield from map(Path, PROGRAMS)
        yield Path(sys.executable)
        yield Path(sys.executable).resolve()


def writable(terms: Terms, temporary: Path) -> Iterator[Path]:
    """Yield the files and folders that a script may change."""
    yield temporary
    yield NULL
    if terms.records:
        yield Path(terms.folder)


def shared(terms: Terms) -> Iterator[Path]:
    """Yield the folder of locks for a script with processes, unless something else is in it."""
    inside = any(Path(path).is_relative_to(SHARED) for path in terms.forbidden)
    if terms.processes and not inside:
        yield SHARED


def prepare() -> None:
    """Precompute what is the same for every script, before the worker forks."""
    outside_packages()
    mapped_packages()
    if unavailable() is None:
        _opened()


@cache
def _common() -> Sequence[Path]:
    """Return the existing paths that every script may read."""
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    paths = (*_python(), *map(Path, SYSTEM), *_certificates(), *map(Path, libraries))
    return [path for path in dict.fromkeys(paths) if path.exists()]


@cache
def _opened() -> Sequence[landlock.Opened]:
    """Return `_common`, opened for the rulesets of all scripts of this process."""
    return [opened for path in _common() if (opened := landlock.open_path(path)) is not None]


def _python() -> Sequence[Path]:
    """Return the folders of Python and of installed packages, but not their prefix.

    A virtual environment may be the root of a repository.
    """
    paths = sysconfig.get_paths()
    libraries = [Path(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    names = ("lib", "lib64", "DLLs", "Resources", "pyvenv.cfg", "share/zoneinfo")
    below = [Path(prefix, name) for prefix in prefixes for name in names]
    # System and user folders that contain only packages, by their names.
    entries = [Path(entry) for entry in sys.path]
    return [*libraries, *below, *(one for one in entries if one.name in WHOLE or one.is_file())]


def _certificates() -> Sequence[Path]:
    known = ssl.get_default_verify_paths()
    paths = (known.cafile, known.capath, known.openssl_cafile, known.openssl_capath)
    return [Path(path) for path in (*paths, os.environ.get("SSL_CERT_FILE")) if path]


def _try_out(temporary: str) -> None:
    """Test forbidden and allowed operations; raises `UnconfinedError`."""
    for attempt in (_read_forbidden, _write_outside):
        try:
            attempt(temporary)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM):
                raise UnconfinedError(f"its self-test failed: {error}") from error
        else:
            raise UnconfinedError("the kernel accepted the rules but does not enforce them")


def _read_forbidden(_: str) -> None:
    os.scandir(os.sep).close()


def _write_outside(temporary: str) -> None:
    outside = f"{temporary}.outside"
    os.close(os.open(outside, os.O_WRONLY | os.O_CREAT))
    Path(outside).unlink()


def is_confined(pid: int) -> bool:
    """Return whether the kernel reports a filter and ``no_new_privs`` for a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    known = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return known.get("NoNewPrivs", "").strip() == "1" and known.get("Seccomp", "").strip() == "2"
