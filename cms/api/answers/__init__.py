"""What stands in front of the application: kept answers, whether they still hold, codings and lifetimes."""
