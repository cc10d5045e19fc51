"""What the end-to-end tests share: the program, a service to talk to, HTTP, and waiting.

Nothing here sleeps to wait: `wait_until` polls a condition and gives up at a deadline, and says then
what it was waiting for. The deadlines are far beyond what a loaded machine needs; no test measures
time against them.
"""
import atexit
import ctypes
import gzip
import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAIRN = os.environ.get("CAIRN") or str(ROOT / "build" / "release" / "cairn")
CAIRN = str((ROOT / CAIRN).resolve())

DEADLINE_S = 60
POLL_S = 0.005

# Exit statuses of every command.
DONE, FAULT, USAGE, IO, LOCKED, SETTINGS = 0, 1, 2, 74, 75, 78

# A ledger file is allocated as a whole; small ones keep the tests' directories small.
SMALL = ["storage.segment_bytes=1048576"]

# What a sanitized build prints when it finds something, and a failed assertion.
ALARMS = ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:", "assertion")


_prctl = ctypes.CDLL(None).prctl
_PR_SET_PDEATHSIG = 1


def _end_with_the_tests():
    """In the child: tests that are killed leave no services behind."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """The first true value of `condition()`."""
    give_up = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {deadline_s} s for {what}")
        time.sleep(POLL_S)


def run(*arguments, stdin=None, env=None, timeout=DEADLINE_S):
    """Run the program to its end. The result has returncode, stdout, stderr (as text)."""
    done = subprocess.run(
        [CAIRN, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
        env={**os.environ, **(env or {})},
    )
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    return done


def digest_of(document):
    """The four hashes, without what a service or a replay says beside them."""
    return {name: document[name] for name in ("training", "patterns", "retrieval", "facts")}


def replay(directory, *arguments):
    done = run("replay", directory, "--json", *arguments)
    if done.returncode != DONE:
        raise AssertionError(f"replay: {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def ndjson(items):
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def quote(name):
    return urllib.parse.quote(name, safe="")


# ---- HTTP ----


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # a mapping that takes names in any case
        self.body = body

    def json(self):
        return json.loads(self.body)

    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Client:
    """One connection, kept open. A closed one is opened anew for the next request."""

    def __init__(self, port, token=None, timeout=DEADLINE_S):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method, path, body=None, headers=None):
        """A dict is sent as JSON, a list as NDJSON, bytes as they are."""
        headers = {**self.headers, **(headers or {})}
        if isinstance(body, list):
            body = ndjson(body)
            headers.setdefault("Content-Type", "application/x-ndjson")
        elif isinstance(body, dict):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        try:
            self.connection.request(method, path, body=body, headers=headers)
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except Exception:
            self.connection.close()
            raise

    def close(self):
        self.connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers=headers)

    def post(self, path, body=None, **headers):
        return self.request("POST", path, body, headers)

    def put(self, path, body=None):
        return self.request("PUT", path, body)

    def delete(self, path):
        return self.request("DELETE", path)


class RawConnection:
    """Bytes to and from a service, for what no proper client would send."""

    def __init__(self, port, timeout=DEADLINE_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.reader = self.socket.makefile("rb")

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece if isinstance(piece, bytes) else piece.encode())

    def head(self):
        """The next answer's status and headers. None at the end of the connection."""
        line = self.reader.readline()
        if not line:
            return None
        headers = http.client.parse_headers(self.reader)
        return int(line.split()[1]), headers

    def answer(self):
        head = self.head()
        if head is None:
            return None
        status, headers = head
        return Answer(status, headers, self.reader.read(int(headers.get("Content-Length", 0))))

    def end(self):
        """Say that nothing more will be sent; answers can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def is_closed_by_peer(self):
        """Waits until the other side has nothing more to say."""
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.reader.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- a service ----


class Service:
    """A running `cairn serve` on a port of the kernel's choosing, with a directory of its own."""

    def __init__(self, settings=(), data=None, arguments=(), env=None, start=True):
        self.home = tempfile.mkdtemp(prefix="cairn-e2e-")
        self.data = str(data or os.path.join(self.home, "data"))
        self.settings = [*SMALL, *settings]
        self.arguments = list(arguments)
        self.env = env or {}
        self.process = None
        self.client = None
        if start:
            self.start()

    def command(self):
        command = [CAIRN, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        for setting in self.settings:
            command += ["--set", setting]
        return command + self.arguments

    def start(self):
        """Start, and wait for the line that says it serves. Returns self."""
        assert self.process is None
        self.stderr_path = os.path.join(self.home, "stderr")
        with open(self.stderr_path, "ab") as stderr:
            self.stderr_start = stderr.tell()
            self.process = subprocess.Popen(
                self.command(), stdout=subprocess.PIPE, stderr=stderr,
                env={**os.environ, **self.env}, preexec_fn=_end_with_the_tests,
            )
        self.ready = self.process.stdout.readline().decode()
        if not self.ready.startswith("ready "):
            status = self.process.wait(DEADLINE_S)
            self.process.stdout.close()
            self.process = None
            raise AssertionError(f"no ready line, exit {status}: {self.ready}{self.stderr()}")
        fields = dict(field.split("=", 1) for field in self.ready.split()[1:])
        self.port = int(fields["listen"].rsplit(":", 1)[1])
        self.ready_seq = int(fields["seq"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = self.connect()
        return self

    def connect(self, **options):
        return Client(self.port, **options)

    def raw(self, **options):
        return RawConnection(self.port, **options)

    def stderr(self):
        """What it said since its last start."""
        with open(self.stderr_path, "rb") as stderr:
            stderr.seek(self.stderr_start)
            return stderr.read().decode("utf-8", "replace")

    def _ended(self):
        status = self.process.wait(DEADLINE_S)
        self.process.stdout.close()
        self.process = None
        self.client.close()
        said = self.stderr()
        alarms = [line for line in said.splitlines() if any(alarm in line for alarm in ALARMS)]
        if alarms:
            raise AssertionError(f"the service said: {said[-4000:]}")
        return status

    def stop(self, name=signal.SIGTERM):
        """Ask it to end; returns the exit status."""
        self.process.send_signal(name)
        return self._ended()

    def kill(self):
        self.process.kill()
        return self._ended()

    def restart(self, kill=False, settings=None):
        if kill:
            self.kill()
        else:
            status = self.stop()
            if status != DONE:
                raise AssertionError(f"stopped with {status}: {self.stderr()}")
        if settings is not None:
            self.settings = [*SMALL, *settings]
        return self.start()

    def close(self):
        """Stop if it runs, and remove its directory."""
        try:
            if self.process is not None and self.process.poll() is None:
                status = self.stop()
                if status != DONE:
                    raise AssertionError(f"stopped with {status}: {self.stderr()[-4000:]}")
            elif self.process is not None:
                status = self._ended()
                raise AssertionError(f"it had ended with {status}: {self.stderr()[-4000:]}")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    # ---- calls that many tests make ----

    def seq(self):
        return self.client.get("/v1/stats").json()["seq"]

    def digest(self):
        return digest_of(self.client.get("/v1/digest").json())

    def post_messages(self, space, *messages, query=""):
        """The answer, which must be 200. Messages get a channel and an author if they have none."""
        full = [{"channel": "general", "author": "ann", **message} for message in messages]
        answer = self.client.post(f"/v1/spaces/{space}/messages{query}", full)
        if answer.status != 200:
            raise AssertionError(f"POST messages: {answer}")
        return answer.json()

    def post_texts(self, space, *texts, **fields):
        return self.post_messages(space, *({"text": text, **fields} for text in texts))

    def search(self, space, query, **fields):
        """The hits; what was acknowledged before is among them."""
        body = {"query": query, "min_seq": self.seq(), **fields}
        answer = self.client.post(f"/v1/spaces/{space}/search", body)
        if answer.status != 200:
            raise AssertionError(f"search: {answer}")
        return answer.json()["hits"]


_shared = []


def shared_service():
    """The service of all tests that need nothing special: each test has a space of its own there."""
    if not _shared:
        service = Service(["metrics.slow_ms=0"])
        _shared.append(service)
        atexit.register(_close_shared, service)
    return _shared[0]


def _close_shared(service):
    try:
        service.close()
    except AssertionError as error:
        print(f"FAIL: the shared service: {error}", file=sys.stderr, flush=True)
        os._exit(1)


_numbers = itertools.count(1)


class Case(unittest.TestCase):
    """A test of the shared service, with a space of its own as self.space."""

    maxDiff = 4000

    @property
    def service(self):
        return shared_service()

    @property
    def client(self):
        return self.service.client

    def setUp(self):
        self.space = self.new_space()

    def new_space(self):
        return f"{self.id().rsplit('.', 1)[1][:60]}-{next(_numbers)}"

    def path(self, rest="", space=None):
        return f"/v1/spaces/{space or self.space}{rest}"

    def own_service(self, *settings, **options):
        """Another service, for this test alone."""
        service = Service(settings, **options)
        self.addCleanup(service.close)
        return service

    def directory(self):
        path = tempfile.mkdtemp(prefix="cairn-e2e-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def post(self, *texts, space=None, **fields):
        return self.service.post_texts(space or self.space, *texts, **fields)

    def texts_found(self, query, space=None, **fields):
        return [hit["text"] for hit in self.service.search(space or self.space, query, **fields)]

    def assert_problem(self, answer, status, *parts):
        """An RFC 9457 problem with this status whose detail holds every part."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual(problem["status"], status)
        for member in ("type", "title", "detail"):
            self.assertIsInstance(problem[member], str)
            self.assertNotEqual(problem[member], "")
        for part in parts:
            self.assertIn(part, problem["detail"])
        return problem


# ---- real chat ----


def data_path(*names):
    """A file of the data beside the project; skips the test where there is none."""
    home = pathlib.Path(os.environ.get("CAIRN_TEST_DATA") or ROOT.parent / "shared" / "data")
    path = home.joinpath(*names)
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not here")
    return path


def real_lines(*names, count):
    """The first `count` objects of a gzipped NDJSON file."""
    with gzip.open(data_path(*names), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in itertools.islice(lines, count)]
