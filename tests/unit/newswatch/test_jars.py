import pytest

from newswatch.jars import KAFKA_VERSION, Jar, parse_jars, pinned_jars, unpacked_jars
from wire.errors import Misconfigured


def test_a_line_is_a_coordinate_and_a_hash() -> None:
    [jar] = parse_jars("# a comment\n\ncom.example:lib:1.2 abcd\n")
    assert jar == Jar(group="com.example", artifact="lib", version="1.2", classifier="", sha256="abcd")
    assert jar.filename == "lib-1.2.jar"


def test_a_classifier_is_part_of_the_file_name() -> None:
    [jar] = parse_jars("com.example:lib:1.2:linux-x86_64 abcd")
    assert jar.filename == "lib-1.2-linux-x86_64.jar"


def test_the_pinned_jars_are_one_version_of_kafka() -> None:
    versions = {jar.artifact: jar.version for jar in pinned_jars() if jar.group == "org.apache.kafka"}
    assert versions["kafka_2.13"] == versions["kafka-clients"] == KAFKA_VERSION
    assert set(versions.values()) == {KAFKA_VERSION}


def test_no_jar_is_pinned_twice() -> None:
    jars = pinned_jars()
    assert len({(jar.group, jar.artifact, jar.classifier) for jar in jars}) == len(jars)


def test_every_pin_is_a_whole_sha256() -> None:
    for jar in pinned_jars():
        assert len(bytes.fromhex(jar.sha256)) == 32, jar


def test_the_broker_is_given_a_log_binding() -> None:
    assert {"log4j-core", "log4j-slf4j-impl", "log4j-1.2-api"} <= {jar.artifact for jar in pinned_jars()}


@pytest.mark.parametrize("names", [[], ["kafka_2.13-3.9.1.jar"], ["kafka-clients-4.2.0.jar"]])
def test_a_folder_without_kafka_4_is_refused(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("unpacked")
    (folder / "libs").mkdir()
    for name in names:
        (folder / "libs" / name).touch()
    with pytest.raises(Misconfigured, match="NEWSWATCH_KAFKA_HOME"):
        unpacked_jars(folder)
