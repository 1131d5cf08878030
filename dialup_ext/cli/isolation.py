"""Which driver this installation has or would get: whether people are kept apart on it."""

from __future__ import annotations

from dialup_ext.settings import Settings


def isolates(settings: Settings) -> bool:
    """True when people's code runs in containers here, or will from the first start on."""
    return driver_of(settings) == "docker"


def driver_of(settings: Settings) -> str:
    """The setting, else what was stored at the first start, else what would be chosen now."""
    from dialup_ext.spawner.docker_ready import usable

    return str(settings.driver or _stored(settings, "driver") or ("docker" if usable() else "process"))


def walls_of(settings: Settings) -> bool:
    """True when accounts get disks of their own here, by the setting or as it was chosen at the first start."""
    chosen = {"on": True, "off": False}.get(settings.storage_walls)
    return bool(_stored(settings, "storage_walls") if chosen is None else chosen)


def _stored(settings: Settings, name: str) -> object:
    if not settings.database_url and not (settings.data / "database.sqlite").exists():
        return None
    from dialup_ext.store.engine import Store
    from dialup_ext.store.values import StoredValues

    store = Store(settings.resolved_database_url)
    store.prepare()
    return StoredValues(store).get(name)
