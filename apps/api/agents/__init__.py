"""The server of the Model Context Protocol: tools for agents, each of them a call of the API."""
