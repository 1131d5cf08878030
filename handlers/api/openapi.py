"""The OpenAPI 3.1 document, generated from the route table and the handlers' contracts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pydantic.json_schema import models_json_schema

from dialup_ext import __version__
from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract
from dialup_ext.handlers.policy import Policy, policy_for, scope_for

_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


class OpenApiHandler(ApiHandler):
    """The document, for tools."""

    policy = Policy.PUBLIC
    contract = {"GET": Contract(wire.Document)}

    async def get(self) -> None:
        """This document."""
        self.answer(document(), 200)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document; the same object every time."""
    from dialup_ext.handlers.api import PREFIX, ROUTES

    paths: dict[str, Any] = {}
    for pattern, handler in ROUTES:
        path = template(pattern)
        paths[path] = {verb.lower(): _operation(path, verb, handler, contract)
                       for verb, contract in handler.contract.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "dialup", "version": __version__,
                 "description": "Sites, releases and deployments of one dialup server."},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key, dlp_…"},
            "session": {"type": "apiKey", "in": "cookie", "name": "__Host-dialup"},
        }},
    }


def template(pattern: str) -> str:
    """`/sites/(?P<site>[^/]+)` as OpenAPI writes it: `/sites/{site}`."""
    return _GROUP.sub(r"{\1}", pattern).replace("\\.", ".")


def _operation(path: str, verb: str, handler: type[ApiHandler], contract: Contract) -> dict[str, Any]:
    method = getattr(handler, verb.lower())
    policy, scope = policy_for(handler, verb), scope_for(handler, verb)
    operation: dict[str, Any] = {
        "operationId": f"{verb.lower()}{re.sub(r'[^a-zA-Z]+', '_', path).rstrip('_')}",
        "summary": (method.__doc__ or "").split("\n")[0],
        "tags": [handler.__module__.rpartition(".")[2]],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                       for name in re.findall(r"{(\w+)}", path)],
        "responses": {str(contract.status): _answer(contract), "default": {
            "description": "A refusal.", "content": {"application/json": {"schema": _ref(wire.Error)}}}},
        "security": _security(policy, scope),
    }
    if contract.takes is not None:
        operation["requestBody"] = {"required": True, "content": {
            contract.body: {"schema": _ref(contract.takes)}}}
    elif contract.body != "application/json":
        operation["requestBody"] = {"required": True, "content": {
            contract.body: {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}}
    return operation


def _answer(contract: Contract) -> dict[str, Any]:
    if contract.stream:
        return {"description": "Server-sent events.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    if contract.answers is None:
        return {"description": "Done."}
    return {"description": (contract.answers.__doc__ or "Done.").split("\n")[0],
            "content": {"application/json": {"schema": _ref(contract.answers)}}}


def _security(policy: Policy | None, scope: str | None) -> list[dict[str, list[str]]]:
    if policy is Policy.PUBLIC:
        return []
    session: dict[str, list[str]] = {"session": []}
    return [session, {"key": [scope]}] if policy is Policy.ACCOUNT and scope else [session]


def _ref(model: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas() -> dict[str, Any]:
    from dialup_ext.handlers.api import ROUTES

    used = {model for _, handler in ROUTES for contract in handler.contract.values()
            for model in (contract.answers, contract.takes) if model is not None} | {wire.Error}
    ordered = sorted(used, key=lambda model: model.__name__)
    _, schema = models_json_schema([(model, "validation") for model in ordered],
                                   ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = schema["$defs"]
    return definitions
