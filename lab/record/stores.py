"""The stores behind URLs as fsspec opens them: their files and what their errors mean."""

from __future__ import annotations

from typing import Any

from lab.errors import InputError

PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs"}
"""Packages that fsspec needs, by the URL's prefix."""
CLIENTS = frozenset({"botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "azure"})
"""Packages whose exceptions are the storage's, as every OSError is."""


def is_s3(url: str) -> bool:
    """Whether a URL is that of a bucket in S3 or of a store that acts as S3 does."""
    return PACKAGES.get(url.partition("://")[0]) == "s3fs"


def file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system and the path in it; retries are ours, and no listing is kept."""
    from fsspec.core import url_to_fs

    kind, _, path = url.partition("://")
    if not path:
        raise InputError(f"{url} names no bucket; give a URL like {kind}://bucket/studies")
    options: dict[str, Any] = {"use_listings_cache": False}
    if is_s3(url):
        times = {"connect_timeout": 10, "read_timeout": 60}
        options["config_kwargs"] = {"retries": {"total_max_attempts": 1}, **times}
    try:
        files, root = url_to_fs(url, **options)
    except ImportError as error:
        package = PACKAGES.get(kind)
        remedy = f"pip install {package}" if package else str(error)
        raise InputError(f"{url} needs a package that is not installed; {remedy}") from None
    except ValueError:
        raise InputError(
            f"{url} begins with {kind}://, which fsspec does not support; "
            "give a path, or a URL that begins with s3:// or gs://"
        ) from None
    return files, root


def identity_of(facts: dict[str, Any]) -> str:
    """What changes when a stored file does."""
    keys = ("ETag", "etag", "md5Hash", "LastModified", "updated", "mtime", "created")
    return repr([facts.get("size"), *(facts.get(key) for key in keys)])


def is_of_storage(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in CLIENTS


def is_refusal(error: Exception) -> bool:
    """Whether a write failed for its condition: another version is stored, or none any more."""
    if isinstance(error, FileExistsError):
        return True
    answer = getattr(error.__cause__, "response", None) or {}
    return answer.get("Error", {}).get("Code") in ("PreconditionFailed", "412", "NoSuchKey")


def is_hopeless(error: Exception) -> bool:
    """Whether waiting does not fix it: a missing file, permission or credentials."""
    if isinstance(error, (FileNotFoundError, PermissionError)):
        return True
    if getattr(error, "code", None) in (400, 401, 403, 404):  # gcsfs
        return True
    return "Credential" in type(error).__name__ or "ParamValidation" in type(error).__name__
