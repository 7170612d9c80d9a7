"""Started as a script before the user's own: loads the watcher and forgets that it was there.

    python boot.py FOLDER SEED script|module PROGRAM [ARGUMENT]…

The folder of this file must not stay on the path, and the folder of the package is there only while it is imported: the
user's script may have packages of any name.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[4])

sys.path.pop(0)
sys.path.append(ROOT)

from labreport.experiments.recording.watching.process import main  # noqa: E402

sys.path.remove(ROOT)

if __name__ == "__main__":
    main(sys.argv[1:])
