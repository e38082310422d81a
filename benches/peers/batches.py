"""From the bytes of one page of findings to batches for Security Hub, as the usual forwarder makes them.

The peer of benches/batches.rs: reads the page from the file given, does the work as often as asked, and prints the
processor's milliseconds of each time, one to a line.
"""

import json
import sys
import time

from findings_forwarder import translated

BATCH = 100


def main(page, times):
    with open(page, "rb") as handle:
        body = handle.read()
    for _ in range(int(times)):
        before = time.thread_time_ns()
        size = once(body)
        print(f"{(time.thread_time_ns() - before) / 1e6:.3f} {size}")


def once(body):
    """One page read and written down; gives the characters of all batches."""
    answer = json.loads(body)
    detail = {"repository-name": "team/app", "image-digest": answer["imageId"]["imageDigest"], "image-tags": ["latest"]}
    arn = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"
    findings = [translated(one, detail, arn, "2026-11-20T00:00:00+00:00")
                for one in answer["imageScanFindings"]["findings"]]
    return sum(len(json.dumps({"Findings": findings[at:at + BATCH]})) for at in range(0, len(findings), BATCH))


if __name__ == "__main__":
    main(*sys.argv[1:])
