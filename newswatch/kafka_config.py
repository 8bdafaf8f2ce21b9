"""What is the embedded Kafka told?

It runs in its own folder and every path here is relative to that. So no path of a user's, with its blanks, accents
and commas, ever passes through Java's property files or Kafka's lists, and a home folder can be moved.
"""

from collections.abc import Mapping

MB = 1024 * 1024
DATA = "data"
LOG = "../logs/kafka.log"
LEAST_SEGMENT = 32 * MB  # twice the largest message of any topic

# A small broker for one machine: 170-190 MB resident at rest. It ends itself when out of memory, and is restarted.
JVM_FLAGS = (
    "-Xms64m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Djava.io.tmpdir=tmp",  # where compression codecs unpack their native part: the machine's may forbid execution
    "-Dlog4j2.configurationFile=log4j2.properties",
)


def server_properties(*, port: int, controller_port: int, partition_bytes: int) -> str:
    """`server.properties` of a single node that is broker and controller, reachable on loopback only."""
    return _render(_node(port, controller_port) | _ONE_REPLICA | _SMALL_MACHINE | _TOPICS | _retention(partition_bytes))


def _node(port: int, controller_port: int) -> dict[str, object]:
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": DATA,
    }


_ONE_REPLICA: dict[str, object] = {
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
}

_SMALL_MACHINE: dict[str, object] = {
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 4,
    "log.cleaner.dedupe.buffer.size": 16 * MB,  # its default alone, 128 MB, is too much for this heap
    "group.initial.rebalance.delay.ms": 0,
    # After a kill -9 the broker may not register again before its former session has run out.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 1000,
    "metadata.max.idle.interval.ms": 5000,  # by default an idle broker writes to the disk twice a second
}

_TOPICS: dict[str, object] = {
    "auto.create.topics.enable": "false",
    "log.message.timestamp.type": "LogAppendTime",
    "message.max.bytes": 3 * MB,  # a dead letter: 2 MB and its headers; each topic has a limit of its own below that
    # Against power loss. The interval alone does nothing: who looks at it runs never by default, and not at all
    # during a broker's first half minute.
    "log.flush.interval.ms": 1000,
    "log.flush.scheduler.interval.ms": 250,
    "log.initial.task.delay.ms": 1000,
    "log.flush.offset.checkpoint.interval.ms": 5000,  # what a start after a crash need not read again
    # Committed offsets live as long as the topics do; by default a group idle for a week would start afresh.
    "offsets.retention.minutes": 43200,
}


def _retention(partition_bytes: int) -> dict[str, object]:
    """Only whole segments are deleted, so a limit holds to within one of them, and a batch must fit into one."""
    return {
        "log.retention.bytes": partition_bytes,
        "log.segment.bytes": max(LEAST_SEGMENT, min(128 * MB, partition_bytes // 8)),
    }


def log4j_properties() -> str:
    """`log4j2.properties`: one file of at most 10 MB, and three older ones."""
    return _render(
        {
            "rootLogger.level": "INFO",
            "rootLogger.appenderRef.file.ref": "file",
            "appender.file.type": "RollingFile",
            "appender.file.name": "file",
            "appender.file.fileName": LOG,
            "appender.file.filePattern": f"{LOG}.%i",
            "appender.file.layout.type": "PatternLayout",
            "appender.file.layout.pattern": "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5p %m (%c{1})%n",
            "appender.file.policies.type": "Policies",
            "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
            "appender.file.policies.size.size": "10MB",
            "appender.file.strategy.type": "DefaultRolloverStrategy",
            "appender.file.strategy.max": 3,
            "logger.config.name": "org.apache.kafka.common.config.AbstractConfig",  # 300 lines at each start
            "logger.config.level": "WARN",
        }
    )


def _render(properties: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in properties.items())
