"""Answers that go into one message: what is left out where one would be too big."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

ANSWER_BYTES_MAX = 3 << 20  # a message may have 4 MiB, and a plan is not always alone in it
# Message and field in this order, which the contract states: what costs most and says least first.
LEFT_OUT = (
    ("Leg", "polyline"),
    ("Insertion", "route"),
    ("Insertion", "task_shifts"),
    ("UnassignedReason", "shift_ids"),
    ("Plan", "notices"),
    ("UnassignedExplanation", "blocks"),
    ("Insertion", "promise_risks"),
    ("Insertion", "violations"),
)

Answer = TypeVar("Answer", bound=Message)


def fitted(answer: Answer) -> Answer:
    """The answer itself, without what must be left out for it to fit."""
    for kind, field in LEFT_OUT:
        if answer.ByteSize() <= ANSWER_BYTES_MAX:
            break
        clear(answer, kind, field)
    return answer


def clear(message: Message, kind: str, name: str) -> None:
    """Clears a field in all messages of a kind, however deep they lie."""
    if message.DESCRIPTOR.name == kind:
        message.ClearField(name)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for own in value if field.is_repeated else (value,):
                clear(own, kind, name)
