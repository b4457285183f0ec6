"""What each command does, returned as data: one module per command."""
