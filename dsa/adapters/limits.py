"""What a child process that reads a stranger's file may use. One rule: the limits are set before a byte is read."""

import resource


def limit(seconds: int, megabytes: int) -> None:
    """At most so much memory and processor time; no file may be written, no core dumped."""
    size = megabytes * 1_024 * 1_024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
