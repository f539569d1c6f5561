"""What is said of a store that does not give what it is asked for: by its answers, and where none comes."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from etl_project.lake.commits import open_table
from etl_project.lake.place import LakeUnavailable, Place
from etl_project.reasons import Rejection
from etl_project.sources.location import Bucket
from etl_project.sources.objects import store as store_module
from etl_project.sources.objects.store import fetch_object, get_object, list_objects, read_object
from etl_project.sources.signature import Signature, SourceUnavailable

SECRET = "aHVzaC1odXNoLWh1c2g="

KEYS = {
    "s3": {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"},
    "gs": {"GOOGLE_SKIP_SIGNATURE": "true"},
    "az": {"AZURE_STORAGE_ACCOUNT_NAME": "keeper", "AZURE_STORAGE_ACCOUNT_KEY": SECRET},
}
ADDRESS = {"s3": "AWS_ENDPOINT_URL", "gs": "GOOGLE_BASE_URL", "az": "AZURE_ENDPOINT"}

LISTED = Signature(4, 0, 0, 0, 'etag:"1"')


class Answers:
    """A server that gives one answer to whatever it is asked."""

    status, body, headers = 200, "", dict[str, str]()

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"answers": self}))
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def say(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        error = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
        self.status, self.body, self.headers = status, error if code else message, headers


class _Handler(BaseHTTPRequestHandler):
    answers: Answers

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.answers.status)
        body = self.answers.body.encode()
        for name, value in {**self.answers.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET


@pytest.fixture(scope="module")
def server() -> Iterator[Answers]:
    answers = Answers()
    threading.Thread(target=lambda: answers.server.serve_forever(poll_interval=0.02), daemon=True).start()
    yield answers
    answers.server.shutdown()
    answers.server.server_close()


@pytest.fixture
def answers(server: Answers, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The server as the store of every scheme; nothing is asked twice."""
    monkeypatch.setattr(store_module, "_MORE_TRIES", 0)
    store_module._open.cache_clear()
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    for scheme, keys in KEYS.items():
        for name, value in {**keys, ADDRESS[scheme]: server.address}.items():
            monkeypatch.setenv(name, value)
    return server


def told(scheme: str, bucket: str = "harbour") -> str:
    """What is said where a bucket cannot be listed."""
    with pytest.raises(SourceUnavailable) as raised:
        list_objects(Bucket(f"{scheme}://{bucket}/site"))
    said = str(raised.value)
    assert said.startswith(f"{scheme}://{bucket}/site cannot be read: ") and SECRET not in said and "hush" not in said
    return said


NOT_TAKEN, EXPIRED, DENIED = (
    "are not taken. Correct ",
    "have expired. Give ",
    "may not read the bucket 'harbour'. Give ",
)
NO_BUCKET, CLOCK, REGION = "there is no bucket 'harbour'. Correct", "the clock of this machine", "Set AWS_REGION"
FEWER, CLOSED, AGAIN = "asks for fewer requests", "is closed or does not allow", "It is tried again at the next check"

AZURE_SAS = "<AuthenticationErrorDetail>Signature not valid in the specified time frame: Expiry [Mon]"


@pytest.mark.parametrize(
    ("scheme", "status", "code", "message", "words"),
    [
        ("s3", 403, "AccessDenied", "", DENIED),
        ("s3", 403, "", "", DENIED),
        ("s3", 401, "", "", NOT_TAKEN + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("s3", 403, "InvalidAccessKeyId", "", NOT_TAKEN + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("s3", 403, "SignatureDoesNotMatch", "", NOT_TAKEN),
        ("s3", 400, "InvalidToken", "", NOT_TAKEN),
        ("s3", 400, "ExpiredToken", "", EXPIRED),
        ("s3", 403, "RequestTimeTooSkewed", "", CLOCK),
        ("s3", 301, "PermanentRedirect", "", REGION),
        ("s3", 400, "AuthorizationHeaderMalformed", "", REGION),
        ("s3", 404, "NoSuchBucket", "", NO_BUCKET),
        ("s3", 404, "", "<html>No such page</html>", NO_BUCKET),
        ("s3", 400, "InvalidBucketName", "", NO_BUCKET),
        ("s3", 403, "AllAccessDisabled", "", CLOSED),
        ("s3", 407, "", "", "a proxy on the way to '127.0.0.1:"),
        ("s3", 503, "SlowDown", "", FEWER),
        ("s3", 503, "", "", f"the store answered 503. {AGAIN}"),
        ("s3", 501, "NotImplemented", "", f"the store answered 501 NotImplemented. {AGAIN}"),
        (
            "az",
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request.",
            NOT_TAKEN + "AZURE_STOR",
        ),
        ("az", 403, "AuthenticationFailed", AZURE_SAS, EXPIRED),
        ("az", 403, "AuthenticationFailed", "Request date header too old: Mon", CLOCK),
        ("az", 401, "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired.", EXPIRED),
        ("az", 401, "NoAuthenticationInformation", "", NOT_TAKEN),
        ("az", 403, "AuthorizationPermissionMismatch", "", DENIED),
        ("az", 403, "KeyBasedAuthenticationNotPermitted", "", CLOSED),
        ("az", 409, "PublicAccessNotPermitted", "", "not everybody may read the bucket 'harbour'"),
        ("az", 404, "ContainerNotFound", "", NO_BUCKET),
        ("az", 404, "ResourceNotFound", "", NO_BUCKET),
        ("az", 503, "ServerBusy", "", FEWER),
        ("gs", 404, "NoSuchBucket", "", NO_BUCKET),
        (
            "gs",
            401,
            "AuthenticationRequired",
            "",
            "Put credentials into the environment of the refresh",
        ),
        ("gs", 403, "AccessDenied", "", "not everybody may read the bucket 'harbour'"),
        ("gs", 403, "UserProjectAccountProblem", "", CLOSED),
        ("gs", 429, "SlowDown", "", FEWER),
    ],
)
def test_an_answer_is_told_as_what_it_means(
    answers: Answers, scheme: str, status: int, code: str, message: str, words: str
) -> None:
    answers.say(status, code, message)
    assert words in told(scheme)


def test_names_in_a_request_are_not_taken_for_its_answer(answers: Answers) -> None:
    answers.say(403, "AccessDenied")
    for name in ("certificate-redirect-tls", "nosuchbucket-ssl", "slowdown"):
        assert f"may not read the bucket {name!r}" in told("s3", name)


@pytest.mark.parametrize(
    ("scheme", "environment", "status", "message", "words"),
    [
        ("az", {"AZURE_STORAGE_ACCOUNT_KEY": "hush, no key"}, 200, "", "are malformed, or their file is not there"),
        (
            "gs",
            {"GOOGLE_APPLICATION_CREDENTIALS": "/no/such/file"},
            200,
            "",
            "Correct GOOGLE_APPLICATION_CREDENTIALS",
        ),
        ("gs", {"GOOGLE_SERVICE_ACCOUNT_KEY": "hush"}, 200, "", "Correct GOOGLE_SERVICE_ACCOUNT_KEY"),
        (
            "gs",
            {"GOOGLE_SERVICE_ACCOUNT_KEY": '{"private_key": "hush", "private_key_id": "i", "client_email": "me"}'},
            200,
            "",
            "Correct GOOGLE_SERVICE_ACCOUNT_KEY",
        ),
        (
            "s3",
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/file", "AWS_ROLE_ARN": "role"},
            200,
            "",
            "Correct AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN",
        ),
        ("s3", {"AWS_METADATA_ENDPOINT": "{address}"}, 404, "", "are not given out. Correct AWS_METADATA_ENDPOINT"),
        (
            "az",
            {"AZURE_CLIENT_ID": "me", "AZURE_CLIENT_SECRET": "hush", "AZURE_TENANT_ID": "t"},
            401,
            '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret hush"}',
            "are not taken. Correct AZURE_STORAGE_ACCOUNT_NAME and AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        ),
        (
            "az",
            {"AZURE_CLIENT_ID": "me", "AZURE_CLIENT_SECRET": "hush", "AZURE_TENANT_ID": "t"},
            400,
            '{"error":"invalid_request","error_description":"AADSTS90002: Tenant not found"}',
            "are not given out. Correct AZURE_STORAGE_ACCOUNT_NAME",
        ),
    ],
)
def test_credentials_that_are_none_or_not_given_out_are_named_by_their_variables(
    answers: Answers,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    environment: dict[str, str],
    status: int,
    message: str,
    words: str,
) -> None:
    for name in KEYS[scheme].keys() - {"AZURE_STORAGE_ACCOUNT_NAME", "AWS_REGION"}:
        monkeypatch.delenv(name)
    if "AZURE_CLIENT_ID" in environment:
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", answers.address)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.replace("{address}", answers.address))
    answers.say(status, message=message)
    assert words in told(scheme)


def test_a_container_of_ecs_needs_the_file_of_its_token_and_the_address_of_the_machine_is_not_asked(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answers.address)
    assert "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" in told("s3")
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "false")
    assert "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in told("s3")


@pytest.mark.parametrize("scheme", list(KEYS))
@pytest.mark.parametrize("address", ["store.example", "https://", "http://a b", "ftp://store.example"])
def test_an_address_that_is_none_is_named_before_anything_is_asked(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, scheme: str, address: str
) -> None:
    monkeypatch.setenv(ADDRESS[scheme], address)
    assert f"{ADDRESS[scheme]} = {address!r} in the environment is no address of a store" in told(scheme)
    with pytest.raises(LakeUnavailable, match="is no address of a store"):
        Place(f"{scheme}://harbour/lake").check()


@pytest.fixture(scope="module")
def speaks_tls(server: Answers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a server with a certificate that nobody trusts."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=127.0.0.1"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    secure = Answers()
    secure.server.socket = context.wrap_socket(secure.server.socket, server_side=True)
    threading.Thread(target=lambda: secure.server.serve_forever(poll_interval=0.02), daemon=True).start()
    yield secure.server.server_port
    secure.server.shutdown()
    secure.server.server_close()


def test_where_no_answer_comes_the_host_and_the_reason_are_named(
    answers: Answers, speaks_tls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    port_here = answers.server.server_port
    for address, words in (
        ("http://no-such-host.invalid", "no host 'no-such-host.invalid' is found"),
        (f"http://127.0.0.1:{port}", f"nothing answers at '127.0.0.1:{port}'"),
        (f"https://127.0.0.1:{port_here}", f"'127.0.0.1:{port_here}' does not speak https"),
        (f"https://127.0.0.1:{speaks_tls}", f"the certificate of '127.0.0.1:{speaks_tls}' is not trusted"),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        assert words in told("s3")
    monkeypatch.delenv("AZURE_ENDPOINT")
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", "http://no-such-account.invalid")
    assert "Correct AZURE_STORAGE_ACCOUNT_NAME, or look at the network" in told("az")


def test_a_redirect_without_an_end_is_no_other_region(answers: Answers) -> None:
    answers.say(302, Location="/login")
    assert "the address of the store leads to another" in told("s3")


def test_an_object_that_is_denied_or_archived_is_rejected_alone(answers: Answers) -> None:
    for scheme, status, code, reason in (
        ("s3", 403, "AccessDenied", "permission_denied"),
        ("s3", 403, "InvalidObjectState", "unreadable"),
        ("az", 403, "AuthorizationPermissionMismatch", "permission_denied"),
        ("az", 409, "BlobArchived", "unreadable"),
    ):
        answers.say(status, code)
        with pytest.raises(Rejection) as rejected:
            read_object(Bucket(f"{scheme}://harbour/site"), "site/a.md", LISTED, 10)
        assert rejected.value.reason == reason
    for code in ("ExpiredToken", "InvalidAccessKeyId"):
        answers.say(403, code)
        with pytest.raises(SourceUnavailable):
            get_object(Bucket("s3://harbour/site"), "site/AccessDenied.md")


def test_a_pack_that_went_or_is_archived_is_told_by_its_name(answers: Answers, tmp_path: Path) -> None:
    for status, code, words in (
        (404, "NoSuchKey", "s3://harbour/dumps/a.tar went after it was listed"),
        (404, "NoSuchBucket", "there is no bucket 'harbour'"),
        (403, "InvalidObjectState", "s3://harbour/dumps/a.tar is in an archive of the store"),
    ):
        answers.say(status, code)
        with pytest.raises(SourceUnavailable, match=words):
            fetch_object(Bucket("s3://harbour/dumps"), "dumps/a.tar", LISTED, tmp_path / "a.tar")


def test_a_lake_that_may_not_be_written_names_the_rights_that_it_needs(answers: Answers) -> None:
    answers.say(403, "AccessDenied")
    with pytest.raises(LakeUnavailable, match=r"may not write to the bucket 'harbour'\. .* read, write and delete"):
        Place("s3://harbour/lake").put("a", b"x")


def test_delta_lake_which_words_its_errors_otherwise_is_told_the_same(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(scheme: str) -> str:
        with pytest.raises(LakeUnavailable) as raised:
            open_table(Place(f"{scheme}://harbour/lake"), "articles", 1)
        return str(raised.value)

    for scheme, status, code, words in (
        ("s3", 403, "SignatureDoesNotMatch", NOT_TAKEN),
        ("s3", 403, "AccessDenied", "may not write to the bucket 'harbour'"),
        ("s3", 404, "NoSuchBucket", NO_BUCKET),
        ("az", 403, "AuthenticationFailed", NOT_TAKEN),
        ("az", 403, "", "may not write to the bucket 'harbour'"),
    ):
        answers.say(status, code)
        assert words in said(scheme), code
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://no-such-host.invalid")
    monkeypatch.setattr(Place, "storage_options", lambda _: {"max_retries": "0", "allow_http": "true"})
    assert "no host 'no-such-host.invalid' is found" in said("s3")
