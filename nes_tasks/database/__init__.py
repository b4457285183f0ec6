"""Our records in the database repository: transactions, markers, the ledger, the lock."""
