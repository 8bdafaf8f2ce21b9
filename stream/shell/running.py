"""How does one stage run as a process, and how does it end?"""

import asyncio
from collections.abc import Callable

from stream.shell.app import Shell, Stage, Standing, notes_file
from stream.shell.crashes import CrashNotes
from stream.shell.lag import Lag
from wire.errors import Misconfigured, NewerVersion, NewswatchError, Transient
from wire.kafka import log_name, remove_member
from wire.service import EXIT_FAILED, EXIT_MISCONFIGURED, Service
from wire.settings import Settings


def run_stage(settings: Settings, stage: Stage, service: Service) -> Standing:
    """Work until a stop is asked for, then leave the group. Returns where the work stands."""
    file, log = notes_file(settings, stage.program), log_name(settings, stage.source)
    with CrashNotes(file, patience=settings.stall_seconds, log=log) as notes:
        if notes.suspects:
            service.log.warning("unclean stop", one_by_one=notes.suspects)
        standing = asyncio.run(_run(settings, stage, service, notes))
    remove_member(settings, stage.program)
    return standing


def exit_code(service: Service, work: Callable[[], None]) -> int:
    """Do the work; say in one line what ended it."""
    try:
        work()
    except (NewerVersion, Misconfigured) as error:
        service.log.error("cannot go on", error=str(error))  # noqa: TRY400  # the sentence helps, its stack does not
        return EXIT_MISCONFIGURED
    except Transient as error:
        service.log.error("ended", error=str(error))  # noqa: TRY400  # the same
        return EXIT_FAILED
    except NewswatchError as error:
        service.log.exception("ended", error=str(error))
        return EXIT_FAILED
    return 0


async def _run(settings: Settings, stage: Stage, service: Service, notes: CrashNotes) -> Standing:
    shell = Shell(settings, stage, service, notes)
    lag = Lag(settings, stage.program, stage.source, shell.standing)
    service.ready_if("group", shell.missing)
    service.watch(lag.has_work, notes.hung)
    await shell.run()
    return shell.standing()
