"""Pure judgements over observed objects: why a pod crashes, why it is not scheduled."""
