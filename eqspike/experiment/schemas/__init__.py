"""All keys of models, tasks and chips, learnt from their readers: a reference to read, and schemas for editors.

explore     descriptions are read in all ways, and what their readers ask is noted
Tree        the questions become a tree of keys
json_schema, reference, template    of that tree
check_description    all that readers refuse of one file
notices              what is no error and yet to be known
"""

from eqspike.experiment.schemas.checking import check_description, notices
from eqspike.experiment.schemas.json_schema import json_schema
from eqspike.experiment.schemas.kinds import KINDS, keys_of
from eqspike.experiment.schemas.reference import reference
from eqspike.experiment.schemas.templates import template

__all__ = [
    "KINDS",
    "check_description",
    "json_schema",
    "keys_of",
    "notices",
    "reference",
    "template",
]
