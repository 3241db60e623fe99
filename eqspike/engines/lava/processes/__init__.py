"""Lava processes and their models, and nothing else.

To find the models of a process, Lava imports every module beside the process's own and then runs each once more
under its bare name. So the modules here have no effects on import, and no dataclasses, which would not survive it.
"""
