"""How a report looks and what its notes say: Jinja2 templates, style sheets, notes in each language, fonts."""
