"""The page of audited runs, without a study."""
