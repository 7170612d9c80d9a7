"""What every lab is given, and where it puts what it finds.

A lab is one file in a fixed order: title, question and source; a frozen dataclass of settings; `build_model`; and two
functions, of which either may be missing:

- `introduce(settings, dataset, session)`, called once: what needs no training or is the same for every seed;
- `train(settings, dataset, session, seed)`, called once for each seed.

What the training of a seed does not need, such as a baseline, may stand in a third one, `train_baselines`, called like
`train`, perhaps at the same time in another process; what it finds comes after that of `train`.

All return nothing: what they find goes into the `Session` they are given, a new one for each call. In which process and
in which order they are called is not the lab's business, nor what becomes of a run that is interrupted.
"""

from labreport.experiments.lab.draft import Draft, joined
from labreport.experiments.lab.files import Files, files
from labreport.experiments.lab.scores import score
from labreport.experiments.lab.session import Profile, Progress, Saved, Session, silent

__all__ = [
    "Draft",
    "Files",
    "Profile",
    "Progress",
    "Saved",
    "Session",
    "files",
    "joined",
    "score",
    "silent",
]
