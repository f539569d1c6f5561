"""What is wrong with a store of objects, in sentences, and what to do: by the codes that stores answer with."""

from __future__ import annotations

import re
from collections.abc import Mapping

from etl_project.sources.location import Bucket
from etl_project.sources.secrets import without_secrets_in

INSTALL = "pip install 'etl-project[objects]'"
"""Command that installs what reads objects."""

CREDENTIALS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "s3": (
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
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

_SECRET_NAMES = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|ACCOUNT_KEY|SAS")

_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_BAD_NAME = re.compile(r'(?:Path|Error parsing Path) "(.*?)"(?:$| contained|: Encountered)', re.DOTALL)

_NO_BUCKET = re.compile("NoSuchBucket|ContainerNotFound|ContainerBeingDeleted|specified bucket does not exist")
_REMEDIES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), what, remedy)
    for pattern, what, remedy in (
        (
            _NO_BUCKET.pattern,
            "there is no bucket {bucket!r}",
            "Correct its location, or the address and region that the environment names",
        ),
        (
            "ExpiredToken|TokenRefreshRequired|RequestTimeTooSkewed|RequestExpired",
            "the credentials for the bucket {bucket!r} have expired",
            "Give the environment of the refresh new ones, and see that the clock of this machine is right",
        ),
        (
            "InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|AuthenticationFailed|InvalidClientTokenId"
            "|status code: 401|invalid_grant|UnauthenticatedError",
            "the credentials for the bucket {bucket!r} are not taken",
            "Correct {usual} in the environment of the refresh",
        ),
        (
            "AccessDenied|AllAccessDisabled|AuthorizationFailure|AuthorizationPermissionMismatch|status code: 403",
            "the credentials may not read the bucket {bucket!r}",
            "Give them the right to list the bucket and to read its objects",
        ),
        (
            "PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|status code: 301|redirect",
            "the bucket {bucket!r} is in another region",
            "Set AWS_REGION to the region of the bucket",
        ),
        ("SlowDown|status code: 429", "the store asks for fewer requests", "It is tried again at the next check"),
        (
            "BadScheme|builder error",
            "the address that the environment names for the store is not https",
            "Write https://, or set AWS_ALLOW_HTTP=true where the network is trusted",
        ),
        ("certificate|[Tt]ls|SSL", "the certificate of the store is not trusted", "See the address in the environment"),
    )
)


def missing_credentials(bucket: Bucket, environment: Mapping[str, str]) -> str | None:
    """Name what the environment lacks to read a bucket: a sentence without its full stop; None where nothing.

    Args:
        bucket: the bucket.
        environment: variable -> value.
    """
    choices = CREDENTIALS.get(bucket.scheme, ())
    if not choices or any(all(environment.get(name) for name in choice) for choice in choices):
        return None
    begun = next((choice for choice in choices if any(environment.get(name) for name in choice)), choices[0])
    missing = " and ".join(name for name in begun if not environment.get(name))
    public = next(name for choice in choices for name in choice if name.endswith(("SKIP_SIGNATURE", "EMULATOR")))
    return (
        f"{bucket} cannot be read: no credentials for the bucket {bucket.bucket!r} are in the environment. Set "
        f"{missing}, or {public}=true where everybody may read it"
    )


def is_no_bucket(error: Exception) -> bool:
    """Tell whether an object is not found because its bucket is not there."""
    return _NO_BUCKET.search(str(error)) is not None


def describe_fault(bucket: Bucket, error: Exception, environment: Mapping[str, str]) -> str:
    """Say why a bucket cannot be read and what to do: a sentence without its full stop.

    Args:
        bucket: the bucket.
        error: what obstore raised; its text may repeat the request, so that only what is known of it is shown.
        environment: variable -> value; what is secret of it is not shown.
    """
    said = f"{type(error).__name__}: {error}"
    usual = " and ".join(CREDENTIALS.get(bucket.scheme, (("its credentials",),))[0])
    if type(error).__name__ == "InvalidPathError" and (name := _BAD_NAME.search(str(error))):
        return (
            f"{bucket} cannot be listed: obstore reads no object whose name is like {name[1]!r}, with a part that is "
            "empty, `.` or `..`, or with a control character. Rename that object, or name a prefix that leaves it out"
        )
    for pattern, what, remedy in _REMEDIES:
        if pattern.search(said):
            named = what.format(bucket=bucket.bucket), remedy.format(usual=usual)
            return f"{bucket} cannot be read: {named[0]}. {named[1]}"
    return (
        f"{bucket} cannot be read: {_shorten(said, environment)}. Look at the network and at the address that the "
        "environment names; it is tried again at the next check for changes"
    )


def _shorten(said: str, environment: Mapping[str, str]) -> str:
    code, status = _CODE.search(said), _STATUS.search(said)
    if code or status:
        words = " ".join([*([status[1]] if status else []), *([code[1]] if code else [])])
        return f"the store answered {words}"
    secrets = tuple(value for name, value in environment.items() if value and _SECRET_NAMES.search(name))
    last = said.splitlines()[0].rpartition(" - ")[2]
    return f"the store does not answer: {without_secrets_in(last, secrets)[:200].strip()}"
