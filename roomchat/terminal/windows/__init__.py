"""The windows of a person: what is shown of each room, and where one looks."""
