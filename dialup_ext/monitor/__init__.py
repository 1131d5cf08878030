"""What the machine and the instances use, and whether all is well."""
