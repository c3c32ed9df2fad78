"""Builds a kind node image from Go modules and Debian packages, without an image registry."""
