"""What a chat is: clients, rooms, and what their commands do. No socket, thread, clock or disk in here."""
