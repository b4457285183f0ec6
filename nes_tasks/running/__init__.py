"""Running migrations: the context of a script, the child process, the order of things."""
