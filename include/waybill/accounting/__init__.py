"""Reading the stores back: the balance, the lag, an explanation of one order, and an audit. Writes nothing."""
