"""How does a message become bytes and back, and what is refused?

JSON, so that a person with any Kafka tool can read a topic. Each message carries `v`. Older versions that a topic
may still hold are lifted on reading; a newer one stops the program.
"""

from typing import Any, TypeVar

import msgspec

from wire.article import Article
from wire.errors import NewerVersion, Rejected
from wire.messages import Annotation, Match
from wire.watchlist import Manifest, Watchlist

Message = TypeVar("Message", Article, Annotation, Match, Watchlist, Manifest)

VERSIONS: dict[type[msgspec.Struct], int] = {Article: 1, Annotation: 1, Match: 1, Watchlist: 1, Manifest: 1}

_encoder = msgspec.json.Encoder()
_decoders = {kind: msgspec.json.Decoder(kind) for kind in VERSIONS}


class _Version(msgspec.Struct):
    v: int = 1


_peek = msgspec.json.Decoder(_Version)


def encode(message: msgspec.Struct) -> bytes:
    """The bytes to send. `v` is always written, also when it is the default.

    `omit_defaults` keeps annotations small; the version must never be among what is omitted. A lone surrogate (half a
    character, from a broken feed) cannot be sent by anybody and becomes "?".
    """
    try:
        body = _encoder.encode(message)
    except UnicodeEncodeError:
        body = _encoder.encode(_sendable(msgspec.to_builtins(message)))
    if not hasattr(message, "v") or body.startswith(b'{"v":'):
        return body
    head = b'{"v":%d' % message.v
    return head + (b"}" if body == b"{}" else b"," + body[1:])


def decode(kind: type[Message], data: bytes) -> Message:
    """The message in `data`.

    Raises:
        NewerVersion: written by a newer newswatch than this one.
        Rejected: not a message of this kind (reason `undecodable`).
    """
    try:
        version = _peek.decode(data).v
        if version < 1:
            raise Rejected("undecodable", f"not a readable {kind.__name__}: version {version}")
        if version > VERSIONS[kind]:
            raise NewerVersion(
                f"a {kind.__name__} of version {version} is on the topic and this program reads up to "
                f"{VERSIONS[kind]}: upgrade this program first (order: alert, cluster, annotate, poll)"
            )
        return _decoders[kind].decode(data)  # type: ignore[return-value]  # the dictionary forgets which decoder is whose
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected("undecodable", f"not a readable {kind.__name__}: {error}") from error


def _sendable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_sendable(key): _sendable(each) for key, each in value.items()}
        case list() | tuple():
            return [_sendable(each) for each in value]
    return value
