"""Drives a peer of the shared benchmarks in an environment of its own; told what to do by lines of JSON.

One rule: it imports nothing of this project. It answers each line with seconds of wall and of processor time.

    {"engine": "durable", "start": 60}   {"step": 0, "from": 0, "to": 10}   {"check": true}
"""

import json
import sys
import time
from typing import Any


def engines() -> dict[str, Any]:
    from durable_engines import SpiffSqlite
    from peers import Spiff

    return {"durable": SpiffSqlite, "memory": Spiff}


def main() -> None:
    engine: Any = None
    handles: list[Any] = []
    for line in sys.stdin:
        told = json.loads(line)
        answer: dict[str, Any] = {"ok": True}
        if "engine" in told:
            engine = engines()[told["engine"]]()
            handles = engine.start(told["start"])
        elif "step" in told:
            begun, used = time.perf_counter(), time.process_time()
            for handle in handles[told["from"] : told["to"]]:
                engine.step(handle, told["step"])
            answer |= {"wall": time.perf_counter() - begun, "cpu": time.process_time() - used}
        elif "check" in told:
            answer["ok"] = all(engine.check(handle) for handle in handles[:3])
        print(json.dumps(answer), flush=True)
    if engine is not None and hasattr(engine, "close"):
        engine.close()


main()
