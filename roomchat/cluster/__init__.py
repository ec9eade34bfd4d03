"""Several servers as one chat: the client for NATS JetStream, and what makes one order of many servers' frames."""
