"""The Python client: `Dialup` for notebooks and scripts, and the pieces the command line is made of.

    from dialup_ext import Dialup
    Dialup().sites["blog"].deploy("blog/")

Needs neither the hub nor a database; importing it opens no connection.
"""

from __future__ import annotations

from dialup_ext.client.deploy import DeployFailed, deploy_folder
from dialup_ext.client.dialup import Dialup
from dialup_ext.client.site import Site
from dialup_ext.client.sites import Sites
from dialup_ext.client.transport import Transport

__all__ = ["DeployFailed", "Dialup", "Site", "Sites", "Transport", "deploy_folder"]
