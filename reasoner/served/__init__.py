"""A model behind a URL: its address, its server's dialect and faults, its replies as they grow."""
