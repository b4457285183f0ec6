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
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from . import audit, landlock, seccomp
from .importing import WHOLE, Importable, mapped_packages, outside_packages
from .terms import Terms

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
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip
NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
    "/etc/services", "/etc/protocols",
)  # fmt: skip
PROGRAMS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/libexec")
# The folder for locks of multiprocessing and shared memory.
SHARED = Path("/dev/shm")  # noqa: S108
STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd")
NULL = Path(os.devnull)


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


def confine(terms: Terms, temporary: Path) -> None:
    """Drop, irrevocably in this process, the rights that the script of `terms` may not have.

    `temporary` is its folder for temporary files. Must be called while the process has a single
    thread. Raises `UnconfinedError` when the kernel does not confine it; then no or only some
    rights are dropped.
    """
    if (reason := unavailable()) is not None:
        raise UnconfinedError(reason)
    try:
        seccomp.give_up_new_rights()
        landlock.restrict(
            [*readable(terms), *_packages(terms)],
            writable(terms, temporary),
            shared(terms),
            tcp=terms.network,
            execute=terms.processes,
        )
        seccomp.restrict(
            network=terms.network,
            processes=terms.processes,
            truncation=landlock.version() >= landlock.TRUNCATE_SINCE,
        )
    except OSError as error:
        raise UnconfinedError(f"the kernel refuses it: {error.strerror}") from error
    _try_out(temporary)


def move_in(temporary: Path, *, is_home: bool) -> None:
    """Put temporary files into `temporary`, and with `is_home` the user's files as well."""
    os.environ["TMPDIR"] = str(temporary)
    if is_home:
        os.environ["HOME"] = str(temporary)
    tempfile.tempdir = None


def imitate(terms: Terms, temporary: Path) -> None:
    """Make Python refuse what `confine` would, where the kernel does not."""
    audit.install(
        allowed=[*readable(terms), *_packages(terms)],
        writable=[*writable(terms, temporary), *shared(terms), *map(Path, STREAMS)],
        forbidden=[Path(path) for path in terms.forbidden],
        network=terms.network,
        processes=terms.processes,
    )


def _packages(terms: Terms) -> Iterator[Path]:
    """Yield the packages outside of Python's folders, and restrict imports from there to them."""
    kept_from = {Path(path) for path in terms.forbidden}
    for entry, packages in outside_packages().items():
        found = {name: path for name, path in packages.items() if path not in kept_from}
        sys.path_importer_cache[entry] = Importable(found)
        yield from found.values()
    yield from mapped_packages()


def readable(terms: Terms) -> Iterator[Path]:
    """Yield the files and folders that a script may read, besides packages of other places."""
    yield Path(terms.folder)
    if terms.index:
        yield Path(terms.index)
    yield from _common()
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
    _common()
    seccomp.prepare()


@cache
def _common() -> Sequence[Path]:
    """Return the existing paths that every script may read."""
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    paths = (*_python(), *map(Path, SYSTEM), *_certificates(), *map(Path, libraries))
    # /proc/self differs in each process.
    return [path for path in dict.fromkeys(paths) if path.exists() or path.parts[1:2] == ("proc",)]


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


def _try_out(temporary: Path) -> None:
    """Test forbidden and allowed operations; raises `UnconfinedError`."""
    for attempt in (_read_forbidden, _write_outside):
        try:
            attempt(temporary)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM):
                raise UnconfinedError(f"its self-test failed: {error}") from error
        else:
            raise UnconfinedError("the kernel accepted the rules but does not enforce them")


def _read_forbidden(_: Path) -> None:
    next(Path("/").iterdir())


def _write_outside(temporary: Path) -> None:
    outside = temporary.parent / f"{temporary.name}.outside"
    os.close(os.open(outside, os.O_WRONLY | os.O_CREAT))
    outside.unlink()


def is_confined(pid: int) -> bool:
    """Return whether the kernel reports a filter and ``no_new_privs`` for a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    known = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return known.get("NoNewPrivs", "").strip() == "1" and known.get("Seccomp", "").strip() == "2"
