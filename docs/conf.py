"""Settings of the documentation site: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from eqspike.core.version import package_version

project = "eqspike"
author = copyright = "the eqspike maintainers"
release = version = package_version()

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxarg.ext",
    "docstrings",
    "formulas",
    "generated_pages",
    "notebooks",
    "outside_files",
]
exclude_patterns = ["_build", "_extensions"]
suppress_warnings = ["myst.header", "myst.domains", "ref.python"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
default_role = "literal"

autodoc_default_options = {"members": True, "member-order": "bysource", "show-inheritance": False}
autodoc_typehints = "signature"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Labelled", "Run", "Paths", "Figures")}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
python_maximum_signature_line_length = 88
add_module_names = False
html_math_renderer = "mathml"

html_theme = "furo"
html_title = f"eqspike {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
highlight_language = "none"
pygments_style = "friendly"
pygments_dark_style = "monokai"
copybutton_exclude = ".linenos, .gp, .go"
