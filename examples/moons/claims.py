"""What the notes of this lab claim: a function, and its words in both languages."""

from __future__ import annotations

import labreport
from labreport import Result


@labreport.claim(
    certain=False,
    en={
        "true": "Of both moons at least nine in ten test points are placed rightly; the lesser share is "
        "{{ least|percent }}.",
        "some": "In {{ holds }} of {{ seeds }} runs at least nine in ten test points of both moons are placed rightly; "
        "the lesser share is {{ least|percent }} on average.",
        "false": "Of one moon only {{ least|percent }} of the test points are placed rightly, of the other "
        "{{ most|percent }}.",
        "unknown": "Whether both moons are told apart can't be said from this run.",
        "numbers": {"least": "the lesser share", "most": "the greater share"},
    },
    zh={
        "true": "两个月牙的测试点都至少有九成判断正确，较低的一个为 {{ least|percent }}。",
        "some": "{{ seeds }} 次运行中有 {{ holds }} 次，两个月牙的测试点都至少有九成判断正确；较低的一个平均为 "
        "{{ least|percent }}。",
        "false": "一个月牙的测试点只有 {{ least|percent }} 判断正确，另一个为 {{ most|percent }}。",
        "unknown": "从这次运行无法得知两个月牙是否都能分开。",
        "numbers": {"least": "较低的一个", "most": "较高的一个"},
    },
)
def both_moons_found(result: Result) -> labreport.Answer:
    """At least nine in ten test points of each moon are placed rightly."""
    shares = [labreport.measure(result, f"right_{name}").mean for name in ("upper", "lower")]
    return labreport.Answer(holds=min(shares) >= 0.9, numbers={"least": min(shares), "most": max(shares)})
