"""The REST API under `/dialup/api/v1`: the table of routes, readable at a glance."""

from __future__ import annotations

from dialup_ext.handlers.api import account, deployments, env, life, links, previews, sites, source, uploads
from dialup_ext.handlers.api.base import ApiHandler
from dialup_ext.handlers.api.openapi import OpenApiHandler

PREFIX = "/dialup/api/v1"

_SITE = r"/sites/(?P<site>[^/]+)"
_DEPLOYMENT = r"/deployments/(?P<deployment>[a-z0-9]+)"
_UPLOAD = r"/uploads/(?P<upload>[a-z0-9]+)"

ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/me", account.MeHandler),
    (r"/keys", account.KeysHandler),
    (r"/keys/(?P<key>[a-z0-9]+)", account.KeyHandler),
    (r"/templates", account.TemplatesHandler),
    (r"/names/(?P<name>[^/]+)", sites.NameHandler),
    (r"/sites", sites.SitesHandler),
    (_SITE, sites.SiteHandler),
    (_SITE + r"/(?P<verb>stop|start|restart)", sites.SiteVerbHandler),
    (_SITE + r"/uploads", uploads.UploadsHandler),
    (_UPLOAD + r"/files", uploads.UploadFilesHandler),
    (_UPLOAD + r"/release", uploads.UploadReleaseHandler),
    (_SITE + r"/releases", sites.ReleasesHandler),
    (_SITE + r"/source", source.SourceHandler),
    (_SITE + r"/source/(?P<digest>[a-z0-9]+)", source.SourceFileHandler),
    (_SITE + r"/rollback", sites.RollbackHandler),
    (_SITE + r"/deployments", deployments.DeploymentsHandler),
    (_DEPLOYMENT, deployments.DeploymentHandler),
    (_DEPLOYMENT + r"/cancel", deployments.CancelHandler),
    (_DEPLOYMENT + r"/log", deployments.DeploymentLogHandler),
    (_DEPLOYMENT + r"/events", deployments.DeploymentEventsHandler),
    (_SITE + r"/logs", sites.SiteLogHandler),
    (_SITE + r"/logs/events", sites.SiteLogEventsHandler),
    (_SITE + r"/wake", life.WakeHandler),
    (_SITE + r"/env", env.VariablesHandler),
    (_SITE + r"/env/(?P<variable>[^/]+)", env.VariableHandler),
    (_SITE + r"/preview", previews.PreviewHandler),
    (_SITE + r"/preview/ticket", previews.TicketHandler),
    (_SITE + r"/preview/links", links.PreviewLinksHandler),
    (_SITE + r"/preview/links/(?P<link>[a-z0-9]+)", links.PreviewLinkHandler),
    (r"/lab", previews.LabHandler),
    (r"/lab/events", previews.LabEventsHandler),
    (r"/events", account.EventsHandler),
    (r"/usage", account.UsageHandler),
    (r"/overview", account.OverviewHandler),
    (r"/health", account.HealthHandler),
    (r"/health/(?P<check>database|driver|ingress|storage|memory)", account.HealthHandler),
    (r"/openapi\.json", OpenApiHandler),
]
