"""What a signature and a seal cost, beside the bare cryptography of the same bytes in the same run.

One rule: processor time of this process, in turns, median; the time stamps are the embedded ones: no network.
"""

import gc
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dsa.adapters.authority import Authority
from tests.documents import specimens

ROUNDS = 15


def signing_costs() -> dict[str, float]:
    """Seconds of processor time (medians) and bytes: ``sign``, ``seal``, ``raw``, ``sign_bytes``, ``seal_bytes``.

    ``sign`` is a person's signature with its time stamp (B-T), certificate and key included; ``seal`` the seal at
    completion with all validation data and the stamp over it (B-LTA); ``raw`` one P-256 signature and SHA-256 over the
    same file.
    """
    with tempfile.TemporaryDirectory(prefix="dsa-bench-") as folder:
        authority = Authority.open(Path(folder), demo=True)
        service, content = specimens.signatures(authority), specimens.agreement()
        who = [specimens.person(content, index) for index in range(2)]
        issued = service.seal_issue(specimens.base())
        first = service.sign_as_person(issued, who[0]).data
        second = service.sign_as_person(first, who[1]).data
        key = ec.generate_private_key(ec.SECP256R1())
        steps: dict[str, Callable[[], bytes]] = {
            "sign": lambda: service.sign_as_person(first, who[1]).data,
            "seal": lambda: service.seal_completion(second).data,
            "raw": lambda: key.sign(hashlib.sha256(first).digest(), ec.ECDSA(hashes.SHA256())),
        }
        used: dict[str, list[float]] = {name: [] for name in steps}
        gc.collect()
        for _ in range(ROUNDS):
            for name, step in steps.items():
                began = time.process_time()
                step()
                used[name].append(time.process_time() - began)
        sizes = {
            "sign_bytes": float(len(second) - len(first)),
            "seal_bytes": float(len(service.seal_completion(second).data) - len(second)),
        }
    return {name: median(times) for name, times in used.items()} | sizes
