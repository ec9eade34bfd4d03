"""The person's side: a connection to a server, what is typed, what is shown."""
