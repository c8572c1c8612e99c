"""Working time and the ledger. Pure: the calendar and the moment are arguments."""
