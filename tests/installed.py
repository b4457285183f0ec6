"""Build the project, and install what was built somewhere else."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from transcripts import Shell
from workspace import environment


def build(project: Path, folder: Path, *args: str) -> list[Path]:
    """Build in the environment that runs the tests, which needs no network."""
    command = [sys.executable, "-m", "build", "--no-isolation", *args, "--outdir", folder, project]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.iterdir(), key=lambda path: path.suffix != ".whl")


@dataclass
class Installed:
    """An environment in which a wheel of this project is installed, and not its checkout."""

    python: Path

    @classmethod
    def at(cls, folder: Path, wheel: Path) -> Installed:
        """Make the environment: the wheel, and behind it the dependencies that are here anyway."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = folder / "bin/python"
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--no-index", "--no-compile", wheel], check=True)
        # A line of such a file is a folder to import from. What is in that folder counts, but for
        # its own .pth files, such as the one of an editable install of the checkout.
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        return cls(python)

    def shell(self, cwd: Path) -> Shell:
        """Return a terminal in which the environment is active."""
        kept = {key: value for key, value in environment().items() if key != "PYTHONPATH"}
        return Shell(cwd, self.python.parent.parent / "shims", kept, self.python)
