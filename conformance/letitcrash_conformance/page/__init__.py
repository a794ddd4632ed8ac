"""The page: runs as one HTML file that needs nothing beside itself."""
