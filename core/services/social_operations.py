"""What a client can ask of the social network, and the network's bounds."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from core.services.machine import Operation

MAX_NAME_CHARACTERS = 32
MAX_TEXT_CHARACTERS = 280
MAX_TIMELINE_POSTS = 50
MAX_LISTED_NAMES = 200

MAX_USERS = 100_000
MAX_FOLLOWING = 1_000
"""Users that one user may follow; a timeline looks at each of them."""

MAX_POSTS_PER_USER = 1_000
"""Posts kept of one user: the oldest makes room for the newest."""

NEWEST_POST = 0
"""Stands for the number of the author's newest post: sequence numbers start from 1."""

_NAME = {"max_length": MAX_NAME_CHARACTERS}

Name: TypeAlias = Annotated[str, Meta(description="a registered user", extra=_NAME)]


class Register(Operation, frozen=True, tag="register"):
    """Create a user."""

    user: Annotated[str, Meta(description="1 to 32 characters, no spaces and no /", extra=_NAME)]


class Follow(Operation, frozen=True, tag="follow"):
    """Let one user see the posts of another."""

    follower: Annotated[str, Meta(description="who wants to see the posts", extra=_NAME)]
    followed: Annotated[str, Meta(description="whose posts they are", extra=_NAME)]


class Unfollow(Operation, frozen=True, tag="unfollow"):
    """Stop following."""

    follower: Annotated[str, Meta(description="who no longer wants to see the posts", extra=_NAME)]
    followed: Annotated[str, Meta(description="whose posts they are", extra=_NAME)]


class Post(Operation, frozen=True, tag="post"):
    """Publish a text; answers the number of the post."""

    author: Annotated[str, Meta(description="who writes", extra=_NAME)]
    text: Annotated[str, Meta(description="1 to 280 characters", extra={"max_length": MAX_TEXT_CHARACTERS})]


class DeletePost(Operation, frozen=True, tag="delete_post"):
    """Take a post back, the newest when no number is given; only its author may. Answers its number."""

    author: Annotated[str, Meta(description="who wrote it", extra=_NAME)]
    post_id: Annotated[int, Meta(description="the number that post answered, 0 for the newest")] = NEWEST_POST


class Timeline(Operation, frozen=True, tag="timeline"):
    """The user's own and followed posts, newest first."""

    READ_ONLY: ClassVar[bool] = True

    user: Name
    limit: Annotated[int, Meta(description="how many posts, 1 to 50")] = 10


class Followers(Operation, frozen=True, tag="followers"):
    """Who follows this user, longest first."""

    READ_ONLY: ClassVar[bool] = True

    user: Name
    limit: Annotated[int, Meta(description="how many names, 1 to 200")] = 100
    skip: Annotated[int, Meta(description="how many names to leave out first")] = 0


class Following(Operation, frozen=True, tag="following"):
    """Whom this user follows, longest first."""

    READ_ONLY: ClassVar[bool] = True

    user: Name
    limit: Annotated[int, Meta(description="how many names, 1 to 200")] = 100
    skip: Annotated[int, Meta(description="how many names to leave out first")] = 0


class Profile(Operation, frozen=True, tag="profile"):
    """A user's name, time of registration, and counts."""

    READ_ONLY: ClassVar[bool] = True

    user: Name


class Users(Operation, frozen=True, tag="users"):
    """All users by name, a page at a time."""

    READ_ONLY: ClassVar[bool] = True

    limit: Annotated[int, Meta(description="how many names, 1 to 200")] = 20
    after: Annotated[str, Meta(description="the last name of the page before", extra=_NAME)] = ""


SOCIAL_OPERATIONS: tuple[type[Operation], ...] = (
    Register,
    Follow,
    Unfollow,
    Post,
    DeletePost,
    Timeline,
    Followers,
    Following,
    Profile,
    Users,
)
