"""`python -m eqspike.cli`."""

import sys

from eqspike.cli import main

sys.exit(main())
