"""Host ports: who listens on a node, and what the node's firewall lets in."""
