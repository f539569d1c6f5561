"""What is wrong with a store of objects, in sentences, and what to do: by the codes that stores answer with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from etl_project.sources.location import Bucket
from etl_project.sources.objects.credentials import is_asked_as_everybody, public_variable, variables_in_use
from etl_project.sources.secrets import without_secrets_in

INSTALL = "pip install 'etl-project[objects]'"
"""Command that installs what reads objects."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong, and what to do, with blanks for names of the bucket, of its host and of variables."""

    what: str
    remedy: str


_AGAIN = "it is tried again at the next check for changes"

_NO_BUCKET = _Fault(
    "there is no bucket {bucket!r}", "Correct its location, or the address and region that the environment names"
)
_EXPIRED = _Fault(
    "the credentials for the bucket {bucket!r} have expired",
    "Give the environment of the refresh new ones, and see that the clock of this machine is right",
)
_CLOCK = _Fault(
    "the clock of this machine and that of the store of the bucket {bucket!r} differ",
    "Set the clock of this machine",
)
_NOT_TAKEN = _Fault(
    "the credentials for the bucket {bucket!r} are not taken", "Correct {variables} in the environment of the refresh"
)
_NOT_GIVEN = _Fault(
    "the credentials for the bucket {bucket!r} are not given out",
    "Correct {variables} in the environment of the refresh",
)
_UNREADABLE = _Fault(
    "the credentials for the bucket {bucket!r} are malformed, or their file is not there",
    "Correct {variables} in the environment of the refresh",
)
_NOT_PUBLIC = _Fault(
    "not everybody may read the bucket {bucket!r}",
    "Put credentials into the environment of the refresh, in place of {public}",
)
_DENIED = _Fault("the credentials may not {use} the bucket {bucket!r}", "Give them the right to {rights}")
_ACCOUNT = _Fault(
    "the account of the bucket {bucket!r} is closed or does not allow what was asked",
    "Open the account or the bucket again, or allow the kind of credentials that the environment holds",
)
_REGION = _Fault("the bucket {bucket!r} is in another region", "Set AWS_REGION to the region of the bucket")
_ELSEWHERE = _Fault("the address of the store leads to another", "Correct the address that the environment names")
_FEWER = _Fault("the store asks for fewer requests", "It is tried again at the next check")
_PROXY = _Fault("a proxy on the way to {host} asks for a password", "Correct HTTPS_PROXY in the environment")
_NO_HTTPS = _Fault(
    "the address that the environment names for the store is not https",
    "Write https://, or set AWS_ALLOW_HTTP=true where the network is trusted",
)
_NO_TLS = _Fault(
    "{host} does not speak https",
    "Correct the address that the environment names: http:// where the network is trusted",
)
_CERTIFICATE = _Fault(
    "the certificate of {host} is not trusted", "Name the file of the authority that signed it in SSL_CERT_FILE"
)
_NO_HOST = _Fault("no host {host} is found", f"Correct {{address}}, or look at the network; {_AGAIN}")
_REFUSED = _Fault("nothing answers at {host}", f"Look at the network and at {{address}}; {_AGAIN}")
_TOO_SLOW = _Fault("{host} does not answer in time", f"Look at the network and at {{address}}; {_AGAIN}")

_BY_CODE = {
    code: fault
    for fault, codes in {
        _NO_BUCKET: "NoSuchBucket ContainerNotFound ContainerBeingDeleted ResourceNotFound InvalidBucketName "
        "InvalidResourceName",
        _EXPIRED: "ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired",
        _CLOCK: "RequestTimeTooSkewed",
        _NOT_TAKEN: "InvalidAccessKeyId SignatureDoesNotMatch InvalidToken InvalidSecurity AuthenticationFailed "
        "AuthenticationRequired InvalidClientTokenId NoAuthenticationInformation InvalidAuthenticationInfo "
        "InvalidIdentityToken invalid_grant invalid_client unauthorized_client",
        _NOT_PUBLIC: "PublicAccessNotPermitted",
        _DENIED: "AccessDenied AuthorizationFailure AuthorizationPermissionMismatch "
        "AuthorizationProtocolMismatch AuthorizationResourceTypeMismatch AuthorizationServiceMismatch "
        "AuthorizationSourceIPMismatch InsufficientAccountPermissions",
        _ACCOUNT: "AllAccessDisabled AccountProblem AccountDisabled AccountIsDisabled ContainerDisabled NotSignedUp "
        "KeyBasedAuthenticationNotPermitted UserProjectAccountProblem",
        _REGION: "PermanentRedirect TemporaryRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException",
        _FEWER: "SlowDown ServerBusy RequestLimitExceeded",
    }.items()
    for code in codes.split()
}
"""Code in the answer of a store, or of who gives out its credentials."""

_BY_MESSAGE = (
    (re.compile("time frame|token is expired"), _EXPIRED),
    (re.compile("date header too old"), _CLOCK),
    (re.compile("failed to authenticate"), _NOT_TAKEN),
)
"""Azure has one code for many faults: its message tells them apart."""

_BY_STATUS = {401: _NOT_TAKEN, 403: _DENIED, 404: _NO_BUCKET, 407: _PROXY, 429: _FEWER}
"""Status of an answer without a code that is known: of a server that is no store, or that stands before it."""

_BY_CAUSE = (
    (re.compile("redirect without LOCATION"), _REGION),
    (re.compile("TooManyRedirects|following redirect"), _ELSEWHERE),
    (re.compile("BadScheme|scheme is not allowed"), _NO_HTTPS),
    (re.compile("InvalidCertificate|UnknownIssuer|peer certificate"), _CERTIFICATE),
    (re.compile("InvalidContentType|InvalidMessage"), _NO_TLS),
    (re.compile("dns error|lookup address"), _NO_HOST),
    (re.compile("Connection ?(?i:refused|reset)|(?:Host|Network) ?(?i:unreachable)|IncompleteMessage"), _REFUSED),
    (re.compile("TimedOut|timed out"), _TOO_SLOW),
)
"""What the library says of a request without an answer."""

_NO_CREDENTIALS = re.compile("Invalid Access Key|SAS query|token file|service account|(?i:credential)|pem file|JWT|RSA")
"""What the library says before it asks anything, of a key, token or file that is none."""

_ARCHIVED = ("InvalidObjectState", "BlobArchived", "BlobBeingRehydrated")

_SECRET_NAMES = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|ACCOUNT_KEY|SAS")

_CODE = re.compile(r"<Code>([\w.]+)</Code>|\"error\"\s*:\s*\"(\w+)\"")
_STATUS = re.compile(r"status code:?\s+(\d{3})")
_DECORATION = re.compile(r"\x1b\[\d+m|↳")
"""Colours and arrows in the errors of Delta Lake, which has a line for each cause."""

_REQUEST = re.compile(r"Error performing ([A-Z]+) (\S+) in ")
_HIDDEN = "REDACTED"
"""In the place of an address that holds a secret: that of a request with a token, or of one for credentials."""

_BAD_NAME = re.compile(r'(?:Path|Error parsing Path) "(.*?)"(?:$| contained|: Encountered)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the text of an error of the library tells of a request and its answer."""

    method: str | None
    """Of the request; None where nothing was asked."""
    asked: str
    """Address that was asked, without what may be secret."""
    status: int | None
    code: str | None
    said: str
    """The text without the address and without its first words, which repeat names of objects."""

    def is_of(self, bucket: Bucket) -> bool:
        """Whether the bucket was asked, and not who gives out credentials for it."""
        if self.asked in ("", _HIDDEN):
            return self.method != "POST"
        return bucket.bucket in unquote(self.asked)

    @property
    def is_denial(self) -> bool:
        """Whether the store denies what was asked of it, and not who asks."""
        return _BY_CODE.get(self.code or "") is _DENIED or (self.status == 403 and not self.code)


def _read(error: Exception) -> _Answer:
    text = _DECORATION.sub("", str(error))
    request, status = _REQUEST.search(text), _STATUS.search(text)
    after = text[request.end() :] if request else text
    code = _CODE.search(after)
    return _Answer(
        request[1] if request else None,
        request[2] if request else "",
        int(status[1]) if status else None,
        (code[1] or code[2]) if code else None,
        after.replace(request[2], "") if request else after,
    )


def is_no_bucket(error: Exception) -> bool:
    """Tell whether an object is not found because its bucket is not there, or not to be seen."""
    return _BY_CODE.get(_read(error).code or "") in (_NO_BUCKET, _NOT_PUBLIC)


def is_denied(error: Exception) -> bool:
    """Tell whether the store takes the credentials, and denies an object to them."""
    return _read(error).is_denial


def is_archived(error: Exception) -> bool:
    """Tell whether an object is in an archive of the store, which does not give it out."""
    return _read(error).code in _ARCHIVED


def describe_fault(bucket: Bucket, error: Exception, environment: Mapping[str, str], *, writes: bool = False) -> str:
    """Say why a bucket cannot be used and what to do: a sentence without its full stop.

    Args:
        bucket: the bucket.
        error: what obstore or deltalake raised; of its text, which may repeat the request, only what is known is shown.
        environment: variable -> value; what is secret of it is not shown.
        writes: whether objects are written and deleted, too.
    """
    if type(error).__name__ == "InvalidPathError" and (name := _BAD_NAME.search(str(error))):
        return (
            f"{bucket} cannot be listed: obstore reads no object whose name is like {name[1]!r}, with a part that is "
            "empty, `.` or `..`, or with a control character. Rename that object, or name a prefix that leaves it out"
        )
    answer = _read(error)
    use = "used" if writes else "read"
    if fault := _fault_of(bucket, answer, environment):
        names = {
            "bucket": bucket.bucket,
            "host": _host(answer),
            "variables": variables_in_use(bucket, environment),
            "public": public_variable(bucket) if fault is _NOT_PUBLIC else "",
            "address": "AZURE_STORAGE_ACCOUNT_NAME" if bucket.scheme == "az" else "the address in the environment",
            "use": "write to" if writes else "read",
            "rights": "list the bucket, and to read, write and delete its objects"
            if writes
            else "list the bucket and to read its objects",
        }
        return f"{bucket} cannot be {use}: {fault.what.format(**names)}. {fault.remedy.format(**names)}"
    told = " ".join([*([str(answer.status)] if answer.status else []), *([answer.code] if answer.code else [])])
    if told:
        return f"{bucket} cannot be {use}: the store answered {told}. {_AGAIN[0].upper()}{_AGAIN[1:]}"
    return (
        f"{bucket} cannot be {use}: the store does not answer: {_shorten(error, environment)}. Look at the network and "
        f"at the address that the environment names; {_AGAIN}"
    )


def _fault_of(bucket: Bucket, answer: _Answer, environment: Mapping[str, str]) -> _Fault | None:
    """Find what an answer, or the want of one, means; None where that is not known."""
    if answer.status is None:
        if answer.method is None:
            return _UNREADABLE if _NO_CREDENTIALS.search(answer.said) else None
        return next((fault for pattern, fault in _BY_CAUSE if pattern.search(answer.said)), None)
    fault = _BY_CODE.get(answer.code or "")
    if answer.status < 500 and not answer.is_of(bucket):
        return fault if fault in (_EXPIRED, _CLOCK, _NOT_TAKEN) else _NOT_GIVEN
    if fault in (_NOT_TAKEN, _DENIED):
        fault = next((better for pattern, better in _BY_MESSAGE if pattern.search(answer.said)), fault)
    if not fault and not answer.code:
        fault = _BY_STATUS.get(answer.status)
    is_refused = fault in (_NOT_TAKEN, _DENIED) or answer.code == "ResourceNotFound"
    return _NOT_PUBLIC if is_refused and is_asked_as_everybody(bucket, environment) else fault


def _host(answer: _Answer) -> str:
    parts = urlsplit(answer.asked)
    return repr(parts.netloc.rpartition("@")[2]) if parts.netloc else "the store"


def _shorten(error: Exception, environment: Mapping[str, str]) -> str:
    secrets = tuple(value for name, value in environment.items() if value and _SECRET_NAMES.search(name))
    last = f"{type(error).__name__}: {error}".splitlines()[0].rpartition(" - ")[2]
    return without_secrets_in(last, secrets)[:200].strip()
