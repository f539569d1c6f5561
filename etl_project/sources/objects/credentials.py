"""What the environment says of a store: the credentials that are enough, and addresses that are none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from etl_project.sources.location import Bucket
from etl_project.sources.secrets import without_secrets

CREDENTIALS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "s3": (
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        ("AWS_METADATA_ENDPOINT",),
        ("AWS_SKIP_SIGNATURE",),
    ),
    "gs": (
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        ("GOOGLE_SERVICE_ACCOUNT",),
        ("GOOGLE_SERVICE_ACCOUNT_PATH",),
        ("GOOGLE_SERVICE_ACCOUNT_KEY",),
        ("GOOGLE_SKIP_SIGNATURE",),
    ),
    "az": (
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_SAS_TOKEN"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_MSI_ENDPOINT"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_SKIP_SIGNATURE"),
        ("AZURE_STORAGE_USE_EMULATOR",),
    ),
}
"""Scheme -> sets of variables of the environment, each of which is enough to read a bucket; the usual one first.

A machine's own role counts only where a variable says so: else a store that was forgotten about would be asked for
credentials at an address of the network, at every plan.
"""

ENDPOINTS = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT",
    "AZURE_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "GOOGLE_BASE_URL",
)
"""Variables that name the address of a store."""

_ADDRESSES = (
    *ENDPOINTS,
    "AWS_ENDPOINT_URL_STS",
    "AWS_METADATA_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AZURE_MSI_ENDPOINT",
    "AZURE_AUTHORITY_HOST",
)
"""Those, and the variables that name where credentials are had."""

_SWITCHES = ("_SKIP_SIGNATURE", "_USE_EMULATOR")
_TRUE = ("true", "1", "on", "yes", "y")

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)


def unusable_environment(bucket: Bucket, environment: Mapping[str, str]) -> str | None:
    """Say why a bucket cannot be asked at all: a sentence without its full stop; None where it can.

    Args:
        bucket: the bucket.
        environment: variable -> value.
    """
    for name in _ADDRESSES:
        # The library would end with a panic.
        if (value := environment.get(name)) and not _ADDRESS.fullmatch(value):
            return (
                f"{bucket} cannot be read: {name} = {without_secrets(value)!r} in the environment is no address of a "
                "store. Write https://, the host and its port"
            )
    choices = CREDENTIALS.get(bucket.scheme, ())
    if not choices or _set_in(choices, environment):
        return None
    begun = next((choice for choice in choices if any(_is_set(name, environment) for name in choice)), choices[0])
    missing = " and ".join(name for name in begun if not _is_set(name, environment))
    return (
        f"{bucket} cannot be read: no credentials for the bucket {bucket.bucket!r} are in the environment. Set "
        f"{missing}, or {public_variable(bucket)}=true where everybody may read it"
    )


def variables_in_use(bucket: Bucket, environment: Mapping[str, str]) -> str:
    """Name the variables of the environment that hold the credentials of a bucket; the usual ones where it has none."""
    choices = CREDENTIALS.get(bucket.scheme, (("its credentials",),))
    return " and ".join(_set_in(choices, environment) or choices[0])


def public_variable(bucket: Bucket) -> str:
    """Variable that says that everybody may read the bucket."""
    return next(name for choice in CREDENTIALS[bucket.scheme] for name in choice if name.endswith("SKIP_SIGNATURE"))


def is_asked_as_everybody(bucket: Bucket, environment: Mapping[str, str]) -> bool:
    """Tell whether no credentials go along with what is asked of a bucket."""
    return bucket.scheme in CREDENTIALS and _is_set(public_variable(bucket), environment)


def _set_in(choices: tuple[tuple[str, ...], ...], environment: Mapping[str, str]) -> tuple[str, ...] | None:
    return next((choice for choice in choices if all(_is_set(name, environment) for name in choice)), None)


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    value = environment.get(name, "")
    return value.lower() in _TRUE if name.endswith(_SWITCHES) else bool(value)
