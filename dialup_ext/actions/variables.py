"""A site's variables: set, removed, and given to what runs of it."""

from __future__ import annotations

from dataclasses import replace

from dialup_ext.actions.context import Context
from dialup_ext.actions.retire import site_key
from dialup_ext.domain.instance import InstanceSpec, InstanceState, Runtime
from dialup_ext.domain.site import Kind, Site
from dialup_ext.domain.variables import Variable, check_room, check_variable_name, check_variable_value
from dialup_ext.errors import NotFound


def put_variable(context: Context, site: Site, name: str, value: str, *, secret: bool) -> Variable:
    """Set one; what runs learns of it at its next start. Idempotent: the same again changes nothing.

    Raises `BadInput` for a name or value that cannot be, `TooMany` or `TooLarge` over a limit.
    """
    check_variable_value(check_variable_name(name), value)
    with context.lock("variables", site.name):
        present = context.variables.list(site.id)
        for one in present:
            if (one.name, one.value, one.secret) == (name, value, secret):
                return one
        check_room(present, name, value)
        variable = context.variables.put(site.id, name, value, secret=secret, at=context.clock.now())
    context.tell(site.owner_id, "site", site.name)
    return variable


def remove_variable(context: Context, site: Site, name: str) -> None:
    """Forget one. Raises `NotFound` (`variable_not_found`)."""
    with context.lock("variables", site.name):
        if not context.variables.remove(site.id, name):
            raise NotFound(f"“{site.name}” has no variable “{name[:60]}”.", code="variable_not_found",
                           hint="Names are exact, capitals included.")
    context.tell(site.owner_id, "site", site.name)


def needs_restart(context: Context, site: Site) -> bool:
    """True while the running instance was given something else than the site has now."""
    if not site.runs or site.stopped or site.asleep or site.live_deployment_id is None or site.live_release_id is None:
        return False
    if context.releases.load(site.live_release_id).in_nginx:
        return False
    key = site_key(site, site.live_deployment_id)
    instance = context.driver.inspect(key)
    if instance is None or instance.state is not InstanceState.RUNNING:
        return False
    now = {one.name: (one.value, one.secret) for one in context.variables.list(site.id)}
    given = context.variable_files.given(key)
    then = {name: (value, name in given.secret) for name, value in given.values.items()} if given else {}
    return now != then


def with_variables(context: Context, site: Site, spec: InstanceSpec) -> InstanceSpec:
    """`spec` with the site's variables, for an instance of its owner's code. Call it right before the start.

    What runs already under this key keeps what it was given. A site without variables is left as it is.
    """
    if spec.runtime is Runtime.NGINX or (site.kind is Kind.STATIC and spec.runtime is Runtime.LAB):
        # Our own servers of files run nothing of the owner's.
        return spec
    instance = context.driver.inspect(spec.key)
    if instance is not None and instance.state is InstanceState.RUNNING:
        return replace(spec, variables=context.variable_files.path(spec.key))
    variables = context.variables.list(site.id)
    context.variable_files.remove(spec.key)
    return replace(spec, variables=context.variable_files.put(spec.key, variables)) if variables else spec
