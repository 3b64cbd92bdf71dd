"""Every bound in one place. Units stand last in a name."""

from __future__ import annotations

MIN_REPLICAS = 1
MAX_REPLICAS = 7
MAX_CLIENTS = 64

BATCH_REQUESTS = 64
"""Requests sequenced into one Order frame at most."""

OPEN_BATCHES = 2
"""While so many batches wait for their answer, further requests gather into the next one: a batch costs every
replica as much as several requests, so a busy group makes few and large ones."""

WINDOW_REQUESTS = 512
"""Requests in flight over all clients (rule 11, backpressure)."""

HOLD_BACK_MESSAGES = 4_096
HOLD_BACK_BYTES = 8 << 20

LINK_BACKLOG_BYTES = 8 << 20
"""Unsent bytes towards one replica before it is demoted to catch-up (rule 11)."""

FRAME_BYTES = 16 << 20
"""Longest frame either side accepts, checked before anything is allocated."""

OPERATION_BYTES = 64 << 10
"""Longest encoded operation a client may send."""

HEARTBEAT_NS = 100_000_000
SUSPECT_AFTER_NS = 500_000_000
DROP_AFTER_NS = 2_000_000_000
GAP_NACK_AFTER_NS = 5_000_000
START_TIMEOUT_NS = 10_000_000_000

INSPECT_ROWS = 200
"""Rows in one page of a replica's data at most."""

CHUNK_BYTES = 1 << 20
"""Bytes of a snapshot in one message."""

TAIL_REQUESTS = 33_280
"""Executed requests a replica can still repeat its answers to: LAG_REQUESTS and the window."""
TAIL_BYTES = 64 << 20

LAG_REQUESTS = 32_768
"""How far clients may run ahead of the slowest replica that is waited for, before they wait for it too."""
