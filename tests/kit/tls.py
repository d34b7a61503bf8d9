"""A server on 127.0.0.1 that speaks TLS, with a certificate that only those trust who are told to."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.kit.scripted_server import ScriptedServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=vendor",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - nothing of it comes from outside
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def tls_server(certificate: Path) -> ScriptedServer:
    """A vendor with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return ScriptedServer(tls=context)
