"""Writes the lock files from pyproject.toml, or tells whether they are current."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHOLE = "tests/requirements.txt"
"""The lock that holds everything; the others take their versions from it."""

LOCKS = {
    WHOLE: ("--extra", "local", "--group", "build", "--group", "dev"),
    "local/requirements.txt": ("--extra", "local", "--group", "build", "--constraint", WHOLE),
    "layers/core/requirements.txt": ("--constraint", WHOLE),
}
"""Each lock file and what it holds besides the product's own dependencies, in this order."""

FLAGS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--quiet",
)


def compile_lock(lock: str, extras: tuple[str, ...], more: list[str]) -> None:
    """Resolve one lock file anew, keeping the versions that still fit."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "pyproject.toml", *extras, *FLAGS, *more]
    subprocess.run([*command, "--output-file", lock], cwd=ROOT, check=True)  # noqa: S603 - ours


def wanted(pyproject: str) -> set[str]:
    """Return the names of the distributions that pyproject.toml asks for."""
    quoted = re.findall(
        r'^\s*"([a-z0-9-]+)(?:\[[a-z0-9,]+\])?",?(?:\s*#.*)?$', pyproject, re.MULTILINE
    )
    return set(quoted) - {"cls"}


def is_current() -> bool:
    """
    Test whether the locks hold what pyproject.toml asks for, each line with hashes.

    Asking an index would make the check depend on what was published today.
    """
    names = wanted((ROOT / "pyproject.toml").read_text())
    locked = (ROOT / WHOLE).read_text()
    missing = sorted(
        name for name in names if not re.search(rf"^{name}(\[.*\])?==", locked, re.MULTILINE)
    )
    for name in missing:
        sys.stderr.write(f"{name} is in pyproject.toml and in no lock: run make lock\n")
    return not missing


def main() -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="resolve and write the lock files")
    chosen, more = parser.parse_known_args()
    if not chosen.write:
        return 0 if is_current() else 1
    for lock, extras in LOCKS.items():
        compile_lock(lock, extras, more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
