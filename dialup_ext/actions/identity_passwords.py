"""Passwords: what one may be, how it is kept, and how long checking takes (R13).

Checking costs about 40 ms on purpose; callers run it in the pool `hash`.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dialup_ext.errors import BadInput

SHORTEST, LONGEST = 12, 1024
"""Bytes of UTF-8."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_DUMMY = (  # of no account; checked in place of a hash that is not there
    "$argon2id$v=19$m=19456,t=2,p=1$1s3TCOmda+9O6fk7x6PJDA$JP0/zN6hEtQ05Bm5QV00bc5m4/hW6zl0T3pNys+ORec"
)
_COMMON = """
    123456789012 1234567890123 12345678901234 123456789123 1234567890qw 0123456789ab password1234
    password12345 password123! passwordpassword passw0rd1234 p@ssw0rd1234 qwertyuiop12 qwertyuiop123
    qwertyuiopas qwertyuiop[] 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 qazwsxedcrfv
    asdfghjkl123 iloveyou1234 iloveyouforever letmeinplease letmein12345 welcome12345 welcome123456
    administrator adminadmin12 admin1234567 administrator1 changemeplease changeme1234 trustno1trustno1
    correcthorsebatterystaple monkeymonkey dragondragon footballfootball superman1234 sunshine1234
    princess1234 baseball1234 abcdefghijkl abcdefgh1234 abc123abc123 q1w2e3r4t5y6 jupyterjupyter
    jupyterlab123 dialupdialup dialup123456
    """


def hash_password(password: str, name: str) -> str:
    """The argon2id hash of a new password, or `BadInput` saying why it cannot be one."""
    problem = _problem(password, name)
    if problem:
        raise BadInput(problem, code="bad_password",
                       hint="Three or four words that do not belong together are easy to remember.")
    return _HASHER.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """True when `password` is the one. Takes as long when there is none stored."""
    fits = len(password.encode()) <= LONGEST
    try:
        _HASHER.verify(stored or _DUMMY, password if fits else "")
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None and fits


def rehashed(stored: str, password: str) -> str | None:
    """A new hash of the same password when `stored` was made with weaker parameters, else None."""
    return _HASHER.hash(password) if _HASHER.check_needs_rehash(stored) else None


def _problem(password: str, name: str) -> str | None:
    size = len(password.encode())
    if size < SHORTEST:
        return f"A password needs at least {SHORTEST} characters; this one has {len(password)}."
    if size > LONGEST:
        return f"A password can have at most {LONGEST} bytes; this one has {size}."
    if password.lower() in _COMMON.split() or len(set(password)) < 5:
        return "This password is one of the first that would be tried."
    if password.lower().replace(name, "").strip("0123456789 -_.!") == "":
        return "This password is little more than your name."
    return None
