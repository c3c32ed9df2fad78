"""Manifests: strict safe YAML with line numbers, image stand-ins, server-side apply."""
