"""How do we publish and consume at least once? (the only importer of kafka-python)"""

from wire.kafka.admin import Admin, OpenAdmin, log_name, remove_member, topic_configs, wait_for_kafka
from wire.kafka.consumer import GroupConsumer, LogReader
from wire.kafka.publisher import Publisher
from wire.kafka.records import Headers, Incoming, Record, group_name, member_name, topic_name

__all__ = [
    "Admin",
    "GroupConsumer",
    "Headers",
    "Incoming",
    "LogReader",
    "OpenAdmin",
    "Publisher",
    "Record",
    "group_name",
    "log_name",
    "member_name",
    "remove_member",
    "topic_configs",
    "topic_name",
    "wait_for_kafka",
]
