"""A Google Sheets server with a browser grid, for one machine."""
