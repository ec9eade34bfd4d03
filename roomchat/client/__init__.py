"""The client library: one session on a server, kept over lost connections and crashes."""
