"""The audit log: its pages, exports and the check of the chains."""
