"""What requests and answers look like on the wire: the REST contract as pydantic models.

The OpenAPI document is generated from these and from the handlers' `contract`s, and answers are
made by them, so the document cannot say anything else than the server does.
"""

from __future__ import annotations

from dialup_ext.handlers.wire.account import (
    Account,
    AccountUse,
    Document,
    Health,
    InstanceUse,
    Key,
    Keys,
    KeyShown,
    Me,
    Overview,
    Quota,
    SiteUse,
    Usage,
    Used,
)
from dialup_ext.handlers.wire.base import Error, Wire
from dialup_ext.handlers.wire.requests import (
    NewDeployment,
    NewKey,
    NewRollback,
    NewSite,
    NewUpload,
    UploadFile,
)
from dialup_ext.handlers.wire.sites import (
    Deployment,
    Deployments,
    Failure,
    Lab,
    Lines,
    Name,
    Preview,
    Received,
    Release,
    ReleaseRef,
    Releases,
    Site,
    Sites,
    Template,
    Templates,
    Ticket,
    Upload,
)

__all__ = [
    "Account",
    "AccountUse",
    "Deployment",
    "Deployments",
    "Document",
    "Error",
    "Failure",
    "Health",
    "InstanceUse",
    "Key",
    "KeyShown",
    "Keys",
    "Lab",
    "Lines",
    "Me",
    "Name",
    "NewDeployment",
    "NewKey",
    "NewRollback",
    "NewSite",
    "NewUpload",
    "Overview",
    "Preview",
    "Quota",
    "Received",
    "Release",
    "ReleaseRef",
    "Releases",
    "Site",
    "SiteUse",
    "Sites",
    "Template",
    "Templates",
    "Ticket",
    "Upload",
    "UploadFile",
    "Usage",
    "Used",
    "Wire",
]
