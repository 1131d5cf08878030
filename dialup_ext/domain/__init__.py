"""Values and rules of dialup. Imports the standard library and `errors` only."""
