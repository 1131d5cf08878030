"""Releases on disk: contents by SHA-256, uploads of what is missing, trees that are served or run."""
