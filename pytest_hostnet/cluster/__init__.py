"""Ephemeral kind clusters: topology, creation, nodes, namespaces, clean-up."""
