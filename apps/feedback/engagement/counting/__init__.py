"""What a set of reactions changes, in memory and then in the sums of the runs."""
