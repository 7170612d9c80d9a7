"""What WeasyPrint lacks: justified Chinese, short last lines, languages of passages."""
