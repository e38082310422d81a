"""Serves the local ECR and Security Hub: python -m steward_local.ecr"""

from __future__ import annotations

import os

from werkzeug.serving import run_simple

from .server import Application

if __name__ == "__main__":
    run_simple("127.0.0.1", int(os.environ["STEWARD_ECR_PORT"]), Application(), threaded=True)
