"""Reachability: HTTP and TCP from this host, and from inside a node."""
