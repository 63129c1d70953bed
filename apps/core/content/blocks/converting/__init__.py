"""Texts and HTML become blocks, and blocks HTML. No table, no setting, no request."""
