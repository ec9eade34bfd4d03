"""The proof: clients, faults, and a judge that knows only what the clients wrote down."""
