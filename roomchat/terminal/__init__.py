"""The person in the chat: what is typed, what is shown, plainly or on a screen."""
