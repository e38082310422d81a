"""Runs MiniStack, in its own environment, with everything in which we teach it better."""

from __future__ import annotations

import ministack.app as app

from .cloud import answers, deaths, events, functions, invocations, queues, resources, topics

if __name__ == "__main__":
    for part in (answers, deaths, events, functions, invocations, queues, resources, topics):
        part.install()
    app.main()
