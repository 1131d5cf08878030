"""What every shape on the wire has in common, and the one shape of an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Requests refuse what they do not know; answers are read off views."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Error(Wire):
    """The one shape of every refusal."""

    message: str
    reason: str
    code: str
    hint: str
