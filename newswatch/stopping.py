"""How does somebody at the terminal stop what is running, or what is still starting?"""

import signal
import threading
from types import FrameType


class StopSignal(threading.Event):
    """Set by Ctrl-C and SIGTERM. To be made in the main thread.

    While `interrupts` holds, the signal also raises KeyboardInterrupt: a start that is cut short undoes what it began.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupts = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.set()
        if self.interrupts:
            raise KeyboardInterrupt
