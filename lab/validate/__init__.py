"""The lab against ground truth: what it must find, where the answer is known."""
