"""doit: tasks, commands, saved state, and the words that users read."""
