"""The lab process: who gets in, what is open, what children inherit."""

from __future__ import annotations

import json


def test_nobody_gets_in_without_the_edge(lab):
    for headers in ({}, {"X-Dialup-User": "ada"}, {"X-Dialup-User": "ada", "X-Dialup-Lab": "wrong"},
                    {"X-Dialup-Lab": "a-secret-of-this-lab-only"}):
        assert lab.request("GET", "/api/contents", headers=headers)[0] == 403
        assert lab.request("GET", "/dialup/api/v1/me", headers=headers)[0] == 403


def test_the_edge_names_the_person(lab):
    status, me = lab.json("GET", "/api/me")
    assert (status, me["identity"]["username"]) == (200, "ada")
