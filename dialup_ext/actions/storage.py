"""Room on the disk: of the machine, and of an account's quota. Asked before anything is written.

What an account has is everything that exists: contents and dependencies as counted this moment, and homes,
volumes, logs and caches as they were measured last. What is on its way counts as if it were here, so two that
arrive at once do not share the last room.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from dialup_ext.actions.context import Context
from dialup_ext.domain.account import Account
from dialup_ext.domain.disk import Disk, check_disk
from dialup_ext.errors import TooMany


def check_room(context: Context, account: Account, needed: int, upload_id: str = "") -> None:
    """Raise `NoSpace`, or `TooMany` (`storage_full`), when `needed` more bytes do not fit, beside what else arrives."""
    check_disk(context.settings.home, context.settings.min_free_mb, needed)
    on_the_way = sum(size for upload, size in context.arriving.get(account.id, {}).items() if upload != upload_id)
    limit = context.sites.quota(account.id).max_storage_mb
    check_storage(limit, stored(context, account.id) + on_the_way, needed)
    own = context.settings.home / "store" / account.id
    if own.is_symlink() and own.exists():  # a disk of its own: what it says is the last word
        check_storage(limit, (limit << 20) - Disk.of(own).free + on_the_way, needed)


@contextmanager
def arriving(context: Context, account: Account, upload_id: str, size: int) -> Iterator[None]:
    """Check the room for `size` bytes of an upload and hold it; given back with `arrived`, or when the block fails."""
    with context.lock("storage", account.id):
        check_room(context, account, size, upload_id)
        context.arriving.setdefault(account.id, {})[upload_id] = size
    try:
        yield
    except BaseException:
        arrived(context, account.id, upload_id)
        raise


def arrived(context: Context, account_id: str, upload_id: str) -> None:
    """What this upload brought is on the disk now, or will not come. Idempotent."""
    with context.lock("storage", account_id):
        context.arriving.get(account_id, {}).pop(upload_id, None)


def stored(context: Context, account_id: str) -> int:
    """Bytes of everything the account has on this machine."""
    return context.uploads.stored.of_account(account_id) + sum(context.elsewhere.get(account_id, {}).values())


def check_storage(limit_mb: int, stored: int, needed: int) -> None:
    """Raise `TooMany` (`storage_full`) when `needed` more bytes do not fit beside what is `stored`. Pure."""
    limit = limit_mb << 20
    left = max(0, limit - stored)
    if needed > left:
        raise TooMany(
            f"This needs {amount(needed, up=True)} and you have {amount(left)} left of {amount(limit)}.",
            code="storage_full", hint="Remove files from your workspace, or a site you do not use, which makes room "
                                      "in a day or so; or ask your admin for more.")


def amount(size: int, *, up: bool = False) -> str:
    """Bytes in the unit that tells most: `12.5 MiB`, `300 KiB`, `7 bytes`. Pure.

    Rounded down, or with `up` upwards: so what is needed never reads like what is left.
    """
    if size < 1024:
        return f"{size} bytes"
    unit, digits = ("MiB", 1) if size >= 1 << 20 else ("KiB", 0)
    scaled = size / (1 << (20 if unit == "MiB" else 10)) * 10**digits
    whole = (math.ceil if up else math.floor)(scaled) / 10**digits
    return f"{whole:,.{digits}f}".removesuffix(".0") + f" {unit}"
