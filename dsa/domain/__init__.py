"""What an agreement is, what may happen to it and who may do it. Pure: clock, chance and I/O are arguments."""
