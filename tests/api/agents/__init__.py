"""Agents: what their tokens may, and the tools of the MCP server."""
