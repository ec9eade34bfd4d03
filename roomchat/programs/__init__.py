"""The commands for scripts: send messages, follow a room, list people and rooms. docs/programs.md."""
