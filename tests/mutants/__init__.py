"""The real server or worker with a fault in it, each a script: what `roomchat verify` must find."""
