"""What scripts do in the chat: send something, follow a room, ask who and what is there. docs/programs.md."""
