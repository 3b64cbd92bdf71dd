"""Bugs that the simulator found in the shipped code, shrunk: each story once more."""

from __future__ import annotations

import msgspec
import pytest

from core.simulation.run import simulate
from core.simulation.schedule import Schedule

STORIES = {
    "two newcomers at one donor: its later snapshot, made for one, left the other without": """
        {"seed":511,"service":"kv","replicas":2,"clients":8,"requests":22,"latency_ns":100000,"jitter_ns":0,
        "turn_ns":0,"batch_requests":1,"reply":"first","revives":true,"think_ms":0,"heal_after_ns":0,
        "troubles":[{"kind":"crash","whom":2,"at_seq":16},{"kind":"add","whom":1,"at_seq":30}]}""",
    "the donor died when all was given: what it had given was held against the next donor": """
        {"seed":2844,"service":"kv","replicas":3,"clients":2,"requests":37,"latency_ns":100000,
        "jitter_ns":200000,"turn_ns":25000,"batch_requests":1,"reply":"acks:all","revives":true,"think_ms":0,
        "heal_after_ns":0,"troubles":[{"kind":"add","whom":2,"at_seq":16},{"kind":"link","whom":2,"at_seq":24,
        "for_ns":1464843,"ways":["to"],"faults":[0.05,0.0,0,100000,0.0,3000000,false]},
        {"kind":"crash","whom":1,"at_seq":40}]}""",
    "a request repeated by one successor and lost with it was taken for one never executed": """
        {"seed":1183,"service":"kv","replicas":3,"clients":12,"requests":24,"latency_ns":2000000,
        "jitter_ns":4000000,"turn_ns":2000000,"batch_requests":64,"reply":"acks:2","revives":true,
        "think_ms":0.0,"heal_after_ns":0,"troubles":[{"kind":"succession","whom":3,"at_seq":28},
        {"kind":"crash","whom":1,"at_seq":40},{"kind":"succession","whom":2,"at_seq":48}]}""",
    "the last one that was asked for a request died; who had joined since was never asked": """
        {"seed":100162,"service":"kv","replicas":1,"clients":5,"requests":24,"latency_ns":500000,"jitter_ns":0,
        "turn_ns":0,"batch_requests":3,"reply":"first","revives":false,"think_ms":0.0,"heal_after_ns":0,
        "troubles":[{"kind":"link","whom":1,"at_seq":1,"for_ns":50000000,"ways":["from"],
        "faults":[0.05,0.0,0,20000000,0.0,3000000,false]},{"kind":"add","whom":1,"at_seq":7},
        {"kind":"link","whom":1,"at_seq":31,"for_ns":3000000000,"ways":["to"],
        "faults":[0.0,0.0,0,0,0.0,3000000,true]}]}""",
    "a sleep before the first tick of a new front end made it take everybody for dead": """
        {"seed":1272,"service":"kv","replicas":3,"clients":6,"requests":31,"latency_ns":100000,"jitter_ns":0,
        "turn_ns":0,"batch_requests":64,"reply":"majority","revives":true,"think_ms":0.0,"heal_after_ns":0,
        "troubles":[{"kind":"succession","whom":3,"at_seq":25},
        {"kind":"sleep","whom":0,"at_seq":42,"after_ns":4131092,"for_ns":3000000000}]}""",
    "who was to tell a new front end what the others missed lost its power first, and was waited for": """
        {"seed":607802,"service":"kv","replicas":3,"clients":12,"requests":25,"latency_ns":20000,"jitter_ns":0,
        "turn_ns":40000,"batch_requests":64,"reply":"first","revives":false,"think_ms":0,"heal_after_ns":0,
        "troubles":[{"kind":"succession","whom":2,"at_seq":1,"after_ns":300000},
        {"kind":"link","whom":1,"at_seq":21,"after_ns":100000,"for_ns":97656,"ways":["to"],
        "faults":[0.0,0.0,0,0,0.0,3000000,true]},{"kind":"link","whom":2,"at_seq":35,"for_ns":187500000,
        "ways":["to"],"faults":[0.3,0.0,0,0,0.0,3000000,false]},
        {"kind":"vanish","whom":3,"at_seq":37,"after_ns":300000}]}""",
    "an answer that a second front end gave under another number, lost as its policy allows": """
        {"seed":504294,"service":"kv","replicas":3,"clients":10,"requests":66,"latency_ns":500000,
        "jitter_ns":0,"turn_ns":0,"batch_requests":3,"reply":"first","revives":false,"think_ms":0,
        "heal_after_ns":0,"troubles":[{"kind":"link","whom":2,"at_seq":1,"for_ns":7812500,"ways":["to","from"],
        "faults":[0.05,0.05,0,0,0.05,2000000,false]},{"kind":"crash","whom":1,"at_seq":2,"after_ns":2493299},
        {"kind":"succession","whom":1,"at_seq":60},{"kind":"succession","whom":0,"at_seq":75,
        "after_ns":2493300},{"kind":"crash","whom":3,"at_seq":86}]}""",
    "what died with a front end unanswered was called a lost answer when the next one died": """
        {"seed":48050,"service":"kv","replicas":3,"clients":9,"requests":1,"latency_ns":2000000,
        "jitter_ns":1000000,"turn_ns":0,"batch_requests":3,"window":512,"reply":"first","revives":false,
        "think_ms":0.0,"heal_after_ns":0,"troubles":[{"kind":"succession","whom":3,"at_seq":1,
        "after_ns":200000},{"kind":"vanish","whom":3,"at_seq":11},{"kind":"succession","whom":3,
        "at_seq":12}]}""",
    "a lost result held clients up until the second sign of life after it, as it may": """
        {"seed":23326,"service":"kv","replicas":3,"clients":16,"requests":20,"latency_ns":100000,
        "jitter_ns":200000,"turn_ns":0,"batch_requests":1,"window":3,"reply":"first","revives":false,
        "think_ms":0,"heal_after_ns":0,"troubles":[{"kind":"link","whom":3,"at_seq":10,"for_ns":250000,
        "ways":["from"],"faults":[0.6,0.6,0,0,0.6,20000000,false]},{"kind":"link","whom":3,"at_seq":26,
        "for_ns":195312,"ways":["to","from"],"faults":[0.6,0.0,0,0,0.0,3000000,false]}]}""",
    "nobody was left to set the reference back by, and what was gone was held against what came instead": """
        {"seed":663,"service":"kv","replicas":4,"clients":4,"requests":2,"latency_ns":2000000,
        "jitter_ns":1000000,"turn_ns":0,"batch_requests":64,"reply":"first","revives":false,"think_ms":0,
        "heal_after_ns":0,"troubles":[{"kind":"crash","whom":1,"at_seq":6,"after_ns":10000000},
        {"kind":"succession","whom":1,"at_seq":6}]}""",
    "who was left had been given a state from beyond, and nobody could tell the other what it missed": """
        {"seed":36171,"service":"kv","replicas":3,"clients":3,"requests":11,"latency_ns":500000,"jitter_ns":0,
        "turn_ns":1000000,"batch_requests":1,"reply":"first","revives":false,"think_ms":0,"heal_after_ns":0,
        "troubles":[{"kind":"add","whom":3,"at_seq":1},{"kind":"link","whom":3,"at_seq":4,"for_ns":5000000,
        "ways":["to"],"faults":[0.0,0.0,0,0,0.0,3000000,true]},{"kind":"crash","whom":2,"at_seq":13},
        {"kind":"succession","whom":0,"at_seq":13,"after_ns":2955722},
        {"kind":"vanish","whom":1,"at_seq":16}]}""",
}


@pytest.mark.parametrize("story", STORIES)
def test_it_holds_now(story: str) -> None:
    outcome = simulate(msgspec.json.decode(STORIES[story], type=Schedule))
    assert (outcome.problem, outcome.sentence) == ("", "")
