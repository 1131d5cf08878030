"""What may be asked. Whatever else is sent is refused."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dialup_ext.handlers.wire.base import Wire


class NewSite(Wire):
    """A site to create. Without a kind it is `static` until the first deployment says otherwise."""

    name: str = Field(max_length=200)
    kind: Literal["static", "nodejs", "astro", "next", "python", "notebook"] | None = None
    template: str | None = Field(default=None, max_length=64)


class SiteChange(Wire):
    """What an owner may change of a site; only what is named is changed."""

    sleep_after: int | None = Field(default=None, ge=1, le=30 * 86400,
                                    description="Seconds without a visit after which it sleeps; null: never.")
    volume: bool = Field(default=False, description="Whether it has a folder for data that survives deployments.")


class UploadFile(Wire):
    """One regular file: relative path with `/`, size in bytes, SHA-256 in hex."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(min_length=64, max_length=64)
    executable: bool = False


class NewUpload(Wire):
    """All files of a folder, before any of them is sent."""

    files: list[UploadFile] = Field(max_length=21_000)


class NewDeployment(Wire):
    """The release to put live."""

    release: str = Field(max_length=64)


class NewRollback(Wire):
    """The release to go back to, by number or id; without it the one before the live one."""

    release: int | str | None = None


class NewKey(Wire):
    """A key to make. `days` until it expires."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[str] | None = None
    days: int | None = Field(default=None, ge=1, le=3650)
