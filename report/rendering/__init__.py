"""The tree becomes files: HTML, PDF, Markdown and notebooks."""
