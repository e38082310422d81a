"""Scenarios that mostly wait for the function's delayed queue, told at the same time.

Each story has a project of its own and looks at nothing else, least of all at the counters, which are everybody's.
"""

from __future__ import annotations

import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable

from cloud import Cloud
from stacks import Lab

Story = Callable[[Lab, Cloud], None]
AT_ONCE = 16


class Stories:
    """The stories of one module, in its order."""

    def __init__(self) -> None:
        self._stories: list[Story] = []
        self._told: dict[str, Future[None]] = {}

    def tell(self, story: Story) -> Story:
        """Marks a function as a story."""
        self._stories.append(story)
        return story

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return [story.__name__ for story in self._stories]

    def outcome(self, cloud: Cloud, name: str) -> None:
        """How a story ended; the first time any is asked for, all begin."""
        if not self._told:
            pool = ThreadPoolExecutor(AT_ONCE)
            self._told = {story.__name__: pool.submit(told, cloud, story) for story in self._stories}
            pool.shutdown(wait=False)
        self._told[name].result()


def told(cloud: Cloud, story: Story) -> None:
    """One story in a project of its own."""
    lab = Lab(cloud, f"e2e-{uuid.uuid4().hex[:8]}")
    try:
        story(lab, cloud)
    finally:
        lab.end()
