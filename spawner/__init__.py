"""The drivers: what starts and stops instances, and the specifications they start from."""
