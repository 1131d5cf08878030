"""Which driver this installation has or would get: whether people are kept apart on it."""

from __future__ import annotations

from dialup_ext.settings import Settings


def isolates(settings: Settings) -> bool:
    """True when people's code runs in containers here, or will from the first start on."""
    return driver_of(settings) == "docker"


def driver_of(settings: Settings) -> str:
    """The setting, else what was stored at the first start, else what would be chosen now."""
    from dialup_ext.spawner.docker_ready import usable

    stored = None
    if settings.database_url or (settings.data / "database.sqlite").exists():
        from dialup_ext.store.engine import Store
        from dialup_ext.store.values import StoredValues

        store = Store(settings.resolved_database_url)
        store.prepare()
        stored = StoredValues(store).get("driver")
    return str(settings.driver or stored or ("docker" if usable() else "process"))
