"""The preview of a static site: serves a workspace and reloads the page when a file is saved.

    python -m dialup_ext.handlers.static_dev --directory <workspace> --port 20001

It stands behind the preview's door, listens on loopback only and writes nothing. What it serves
is what the public site would serve, and nothing that lies outside the workspace.
"""
