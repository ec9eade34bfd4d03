"""What is known of the chat, and how it is shown as lines."""
