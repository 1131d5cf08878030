"""The portal: plain pages, fast, fine on a phone, readable without JavaScript.

The table of URLs and handlers, readable at a glance.
"""

from __future__ import annotations

from dialup_ext.handlers.base import DialupHandler
from dialup_ext.handlers.portal import entrance, keys, lab, settings, site_setup, sites
from dialup_ext.handlers.portal.static_files import StaticHandler

_REF = r"([a-z0-9-]{1,63})"

ROUTES: list[tuple[str, type[DialupHandler]]] = [
    (r"/", entrance.HomeHandler),
    (r"/login", entrance.LoginHandler),
    (r"/logout", entrance.LogoutHandler),
    (r"/handover", entrance.HandoverHandler),
    (r"/dashboard", sites.DashboardHandler),
    (r"/sites", sites.SitesHandler),
    (rf"/sites/{_REF}", sites.SiteHandler),
    (rf"/sites/{_REF}/(stop|start|restart|wake)", sites.SiteVerbHandler),
    (rf"/sites/{_REF}/rollback", sites.SiteRollbackHandler),
    (rf"/sites/{_REF}/sleep", site_setup.SleepHandler),
    (rf"/sites/{_REF}/data", site_setup.DataHandler),
    (rf"/sites/{_REF}/env", site_setup.VariableHandler),
    (rf"/sites/{_REF}/env/remove", site_setup.RemoveVariableHandler),
    (rf"/sites/{_REF}/links", site_setup.LinksHandler),
    (rf"/sites/{_REF}/links/{_REF}/revoke", site_setup.RevokeLinkHandler),
    (r"/lab", lab.LabHandler),
    (rf"/editor(?:/{_REF})?", lab.EditorHandler),
    (r"/keys", keys.KeysHandler),
    (rf"/keys/{_REF}/revoke", keys.RevokeKeyHandler),
    (r"/settings", settings.SettingsHandler),
    (r"/settings/password", settings.PasswordHandler),
    (r"/settings/sessions/end", settings.EndSessionsHandler),
    (rf"/settings/sessions/{_REF}/end", settings.EndSessionHandler),
    (r"/portal/static/([a-z0-9.-]{1,64})", StaticHandler),
]
