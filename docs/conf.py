"""Sphinx builds the site from these pages and the docstrings. ``make docs`` runs it, warnings as errors.

Nothing in the pages comes from another machine: theme and search are files of the site, so that it can be read where
there is no network. What is written from code or from other files of the tree (errors, keys, commands, the changelog, the
notebooks) is put in by ``docs/site_parts``.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import skyexplorer  # noqa: E402

project = "skyexplorer"
author = "The skyexplorer developers"
copyright = "The skyexplorer developers"
version = release = skyexplorer.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "site_parts"]
exclude_patterns = ["_build", "changelog.d"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# Types stand in the "Parameters" of each docstring, with shapes and units: in the signature they would be in the way.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False  # else each word of a type would be looked up
default_role = "py:obj"
add_module_names = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

nitpicky = True
# A name in backquotes is a link where it names something of the reference; it may as well be a parameter.
nitpick_ignore_regex = [("py:(class|obj|exc|data|attr|meth|func|mod)", ".*")]

html_theme = "furo"
html_title = "skyexplorer"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1a5fb4", "color-brand-content": "#1a5fb4"},
    "dark_css_variables": {"color-brand-primary": "#8ab4f8", "color-brand-content": "#8ab4f8"},
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
