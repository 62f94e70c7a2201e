"""From partitions to exports under way: what a run of submissions needs, and what is held back."""
