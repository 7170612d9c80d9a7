"""Settings of Sphinx for the documentation; `docs/build.py` lays the generated pages beside these before it runs."""

from labreport import __version__

project = "labreport"
author = "The labreport developers"
project_copyright = author
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["deflist", "fieldlist"]
myst_heading_anchors = 3
default_role = "code"
exclude_patterns = ["README.md"]
html_theme = "furo"
html_title = "labreport"
html_copy_source = False
html_show_sphinx = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
