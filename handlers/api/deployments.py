"""Deployments: queueing one, watching it, cancelling it."""

from __future__ import annotations

from dialup_ext.domain.deployment import Status
from dialup_ext.domain.views import DeploymentView
from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract, EventStream
from dialup_ext.handlers.policy import Policy


class DeploymentsHandler(ApiHandler):
    """A site's deployments."""

    policy = Policy.ACCOUNT
    scope = {"GET": "sites:read", "POST": "deploy"}
    contract = {"GET": Contract(wire.Deployments), "POST": Contract(wire.Deployment, wire.NewDeployment, 202)}

    async def get(self, site: str) -> None:
        """List the newest 50."""
        self.reply({"deployments": await self.run(self.hub.deployments, self.me, site)})

    async def post(self, site: str) -> None:
        """Put a release live; answers at once with the deployment to follow."""
        wanted = self.body(wire.NewDeployment)
        await self.once(lambda: self.run(self.hub.deploy, self.me, site, wanted.release))


class DeploymentHandler(ApiHandler):
    """One deployment."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Deployment)}

    async def get(self, deployment: str) -> None:
        """Show how it stands."""
        self.reply(await self.run(self.hub.deployment, self.me, deployment))


class CancelHandler(ApiHandler):
    """Ending one."""

    policy = Policy.ACCOUNT
    scope = "deploy"
    contract = {"POST": Contract(wire.Deployment)}

    async def post(self, deployment: str) -> None:
        """Ask for its end; refused once it switches."""
        self.reply(await self.run(self.hub.cancel, self.me, deployment))


class DeploymentLogHandler(ApiHandler):
    """Its log, whole."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Lines)}

    async def get(self, deployment: str) -> None:
        """All lines so far."""
        self.reply({"lines": await self.run(self.hub.deployment_log, self.me, deployment)})


class DeploymentEventsHandler(EventStream):
    """Its course, live: `status` with the deployment, `log` with `{line}`, at the end `done`.

    Ids count log lines: with `Last-Event-ID` the stream goes on after that line.
    """

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(stream=True)}

    async def get(self, deployment: str) -> None:
        """Follow a deployment to its end."""
        view = await self.run(self.hub.deployment, self.me, deployment)
        await self.begin()
        sent, shown = self.resume_from(), ""
        with self.hub.context.feed.listening(f"log:{view.id}", self.listener()):
            while True:
                view = await self.run(self.hub.deployment, self.me, deployment)
                for line in await self.run(self.hub.deployment_log, self.me, deployment, sent):
                    sent += 1
                    if not await self.send("log", {"line": line}, str(sent)):
                        return
                if view.status != shown:
                    shown = view.status
                    if not await self.send("status", _wire(view), str(sent)):
                        return
                if Status(view.status).is_final:
                    await self.send("done", _wire(view), str(sent))
                    return
                if await self.next_news() is None:
                    return


def _wire(view: DeploymentView) -> object:
    return wire.Deployment.model_validate(view).model_dump(mode="json")
