"""The packages of clients/, built out of the document and run against the real server."""
