"""Makes what `sam build` left smaller, quicker to start, and the same bytes each time."""

import compileall
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sesv2", "sqs"})
"""The services that adapters/clients.py calls."""

SHARED = frozenset(
    {"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
)
"""What botocore reads whatever the service."""

NEVER_LOADED = ("boto3", "pip", "setuptools", "wheel")
"""Distributions of the lock that no function loads (tests/packaging)."""

LIMIT = 250 * 1024 * 1024
"""Bytes that a function and its layers may have, unzipped."""


def trim(data: Path) -> None:
    """Leave of botocore's data only our services, without their documentation."""
    for entry in sorted(data.iterdir()):
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name.removesuffix(".gz") not in SHARED:
            entry.unlink()
    for model in sorted(data.rglob("service-2.json*")):
        _rewrite(model, _undocumented(_read(model)))
    for examples in sorted(data.rglob("examples-1.json*")):
        examples.unlink()


def _read(path: Path) -> object:
    text = path.read_bytes()
    return json.loads(gzip.decompress(text) if path.suffix == ".gz" else text)


def _rewrite(path: Path, model: object) -> None:
    text = json.dumps(model, separators=(",", ":"), sort_keys=False).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def _undocumented(value: object) -> object:
    """Return a service model with empty prose: botocore insists that it is there."""
    if isinstance(value, list):
        return [_undocumented(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: "" if name == "documentation" and isinstance(each, str) else _undocumented(each)
        for name, each in value.items()
    }


def pack(root: Path) -> None:
    """Drop what is never loaded, and put byte-code beside every source."""
    for name in NEVER_LOADED:
        for entry in (*root.glob(name), *root.glob(f"{name}-*.dist-info")):
            shutil.rmtree(entry)
    for cache in sorted(root.rglob("__pycache__")):
        shutil.rmtree(cache)
    done = compileall.compile_dir(
        root,
        quiet=1,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        message = f"Some source under {root} does not compile."
        raise SystemExit(message)


def _roots(build: Path) -> Iterator[Path]:
    """Yield the folders that reach Python's path on Lambda."""
    for entry in sorted(build.iterdir()):
        if entry.is_dir():
            yield entry / "python" if (entry / "python").is_dir() else entry


def size(root: Path) -> int:
    """Return the bytes of all files under a folder."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def report(sentence: str) -> None:
    """Tell whoever packages."""
    sys.stdout.write(f"{sentence}\n")


def main(build: Path, runtime: str) -> int:
    """Pack every part of a build; return 1 when Lambda would not take it."""
    own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    total = 0
    for root in _roots(build):
        before = size(root)
        for data in sorted(root.glob("botocore/data")):
            trim(data)
        if own == runtime:
            pack(root)
        total += size(root)
        report(f"{root.relative_to(build)}: {before >> 20} MB, now {size(root) >> 20} MB")
    if own != runtime:
        report(f"This is {own}, the functions run on {runtime}: no byte-code, so starts take twice")
        report(f"as long. With it: {runtime} .ci/package.py {build} {runtime}")
    if total > LIMIT:
        report(f"{total >> 20} MB in all; Lambda takes {LIMIT >> 20} MB for a function and layers.")
    return int(total > LIMIT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
