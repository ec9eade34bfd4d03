"""The full screen: which pane stands where, which key does what."""
