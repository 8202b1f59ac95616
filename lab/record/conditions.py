"""What numbers were made with, as records keep it: versions of packages, the operating system."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of Python, of those of the packages that are installed, and of the lab."""
    installed = {"python": platform.python_version()}
    for package in (*packages, "gan-stability-lab"):
        with suppress(PackageNotFoundError):
            installed[package] = version(package)
    return installed


def system() -> str:
    """Operating system and architecture, say `Linux x86_64`."""
    return f"{platform.system()} {platform.machine()}"
