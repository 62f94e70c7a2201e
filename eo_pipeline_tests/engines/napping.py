"""`python -m eo_pipeline_tests.engines.napping FOLDER`: three local processes that sleep for a minute."""

import signal
import sys

from eo_pipeline.engines import spawn
from eo_pipeline.engines.processes import Processes
from eo_pipeline_tests.engines.work import nap_and_tell

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests may have it ignored
    for outcome in spawn(nap_and_tell, [(sys.argv[1], 60.0)] * 3, engine=Processes(3)):
        sys.stdout.write(f"{outcome.value()}\n")
