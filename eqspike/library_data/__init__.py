"""Where an installed copy keeps the YAML files of `chips/`, `models/` and `tasks/`; no code."""
