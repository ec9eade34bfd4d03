"""What the server answers to HTTP requests that ask for no WebSocket: the page, its health, its figures."""
