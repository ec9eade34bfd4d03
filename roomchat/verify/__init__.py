"""The proof: clients, faults, and a checker that knows only what the clients wrote down."""
