"""Execute migrations: script context, worker process, transaction, runner."""
